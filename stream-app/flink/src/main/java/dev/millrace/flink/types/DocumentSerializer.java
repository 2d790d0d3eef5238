package dev.millrace.flink.types;

import dev.millrace.enrichment.Document;
import java.io.IOException;
import java.time.Instant;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** The bytes of documents. */
final class DocumentSerializer extends ValueSerializer<Document> {
  private static final long serialVersionUID = 1;

  static final DocumentSerializer INSTANCE = new DocumentSerializer();

  @Override
  public Document createInstance() {
    return Document.of("-", "", "");
  }

  @Override
  void write(Document document, DataOutputView out) throws IOException {
    Fields.text(out, document.id());
    Fields.text(out, document.text());
    Fields.text(out, document.language());
    Fields.text(out, document.title());
    Fields.text(out, document.source());
    Fields.text(out, document.tenant());
    Fields.map(out, document.attributes(), Fields::text);
    Fields.time(out, document.createdAt());
  }

  @Override
  Document read(DataInputView in) throws IOException {
    String id = Fields.text(in);
    String text = Fields.text(in);
    String language = Fields.text(in);
    String title = Fields.text(in);
    String source = Fields.text(in);
    String tenant = Fields.text(in);
    var attributes = Fields.map(in, Fields::text);
    Instant createdAt = Fields.time(in);
    return new Document(id, text, language, title, source, tenant, attributes, createdAt);
  }

  @Override
  public TypeSerializerSnapshot<Document> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Which serializer wrote a state; its name is part of savepoints. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Document> {
    /** For Flink. */
    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}
