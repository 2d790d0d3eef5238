package dev.millrace.records;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.shape.RecordShape;
import dev.millrace.schema.Decoding;
import dev.millrace.schema.SchemaSource;
import dev.millrace.schema.Selection;
import dev.millrace.schema.TreeDeserializer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Values that are Avro in Confluent wire format, of whatever schema their writers have: fields are
 * found by name, a union is the branch that was written, a logical type what it means. Thread-safe;
 * may wait for the registry.
 */
public final class AvroDecoder implements DocumentDecoder {
  private static final String TEXT = "text";
  private static final String IMAGES = "images";

  private final TreeDeserializer deserializer;
  private final RecordShape shape;

  /**
   * Of documents as they are.
   *
   * @param schemas borrowed
   */
  public AvroDecoder(SchemaSource schemas) {
    this(RecordShape.DOCUMENT, schemas);
  }

  /**
   * @param shape how the values are laid out
   * @param schemas borrowed
   */
  public AvroDecoder(RecordShape shape, SchemaSource schemas) {
    List<List<String>> wanted = new ArrayList<>(shape.paths());
    wanted.add(List.of(IMAGES));
    this.deserializer = new TreeDeserializer(schemas, Selection.of(wanted));
    this.shape = shape;
  }

  @Override
  public Decoded decode(SourceRecord record) {
    return switch (deserializer.decode(record.requireValue(), name -> last(record, name))) {
      case Decoding.Value<TreeDeserializer.Tree>(var tree) ->
          Decoded.ofMaybe(() -> document(record, tree.schema(), AvroNodes.of(tree.root())));
      case Decoding.BadFraming<?>(String message) ->
          new Decoded.Invalid(RejectReason.BAD_FRAMING, message);
      case Decoding.OtherType<?>(String type, String id) -> SchemaKinds.mismatch(type, id, "avro");
      case Decoding.Undecodable<?>(String message) ->
          new Decoded.Invalid(RejectReason.UNDECODABLE, message);
      case Decoding.InvalidText<?>(String message) ->
          new Decoded.Invalid(RejectReason.INVALID_TEXT, message);
      case Decoding.UnknownSchema<?>(String message) -> Decoded.unknownSchema(message);
      case Decoding.Unavailable<?>(String message) -> Decoded.unavailable(message);
    };
  }

  private Optional<Document> document(SourceRecord record, String schema, JsonNode root) {
    if (!shape.isForeign()) {
      checkDocument(schema, root);
    }
    return shape.document(root, DefaultId.of(record), Instant.ofEpochMilli(record.timestamp()));
  }

  /** A schema that has no text at all is another thing than a document without one. */
  private static void checkDocument(String schema, JsonNode root) {
    if (!root.isObject()) {
      throw new DocumentException(
          RejectReason.INVALID_DOCUMENT, "expected a record, found " + kind(root));
    }
    JsonNode text = root.path(TEXT);
    if (!text.isTextual() && !text.isNull()) {
      throw new DocumentException(
          RejectReason.UNDECODABLE,
          ("the writer's schema %s is no document's: its field text is %s, expected a text; name"
                  + " its fields in the input's entry (fields)")
              .formatted(schema, kind(text)));
    }
    JsonNode images = root.path(IMAGES);
    if (images.size() > 0) {
      // Enriching the text alone would leave part of the document unread without saying so.
      throw new DocumentException(
          RejectReason.INVALID_DOCUMENT,
          String.format(
              Locale.ROOT,
              "the document has %d images, and this version reads text only; send it without them",
              images.size()));
    }
  }

  private static String kind(JsonNode node) {
    return node.isMissingNode() ? "missing" : node.getNodeType().name().toLowerCase(Locale.ROOT);
  }

  private static byte @Nullable [] last(SourceRecord record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : header.value();
  }

  /** A document as the class of the wire. */
  static dev.millrace.schema.avro.Document toAvro(Document document) {
    return dev.millrace.schema.avro.Document.newBuilder()
        .setId(document.id())
        .setText(document.text())
        .setLanguage(orNull(document.language()))
        .setTitle(orNull(document.title()))
        .setSource(orNull(document.source()))
        .setTenant(orNull(document.tenant()))
        .setAttributes(document.attributes())
        .setImages(List.of())
        .setCreatedAt(document.createdAt().equals(Instant.EPOCH) ? null : document.createdAt())
        .build();
  }

  static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }
}
