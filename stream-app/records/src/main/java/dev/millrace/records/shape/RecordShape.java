package dev.millrace.records.shape;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.JsonDocuments;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How the values of an input's records are laid out. Immutable.
 *
 * @param envelope what is around the row
 * @param fields where in the row the document's fields lie
 */
public record RecordShape(Envelope envelope, FieldMapping fields) {
  /** The value is the document itself. */
  public static final RecordShape DOCUMENT = new RecordShape(Envelope.NONE, FieldMapping.none());

  /** Whether a value is more or other than a document itself. */
  public boolean isForeign() {
    return envelope != Envelope.NONE || !fields.isNone();
  }

  /**
   * The document in a value; empty if the value says that it is deleted.
   *
   * @param defaultId its id if it states none
   * @param defaultCreatedAt its time if it states none
   * @throws DocumentException with what is wrong with it
   */
  public Optional<Document> document(JsonNode value, String defaultId, Instant defaultCreatedAt) {
    Envelope.Content content = envelope.open(value);
    if (content.deleted()) {
      return Optional.empty();
    }
    return Optional.of(
        fields.isNone()
            ? JsonDocuments.document(content.row(), defaultId, defaultCreatedAt)
            : fields.document(content, defaultId, defaultCreatedAt));
  }

  /** The paths, from the whole value on, that {@link #document} looks at; the rest may be left. */
  public List<List<String>> paths() {
    List<List<String>> paths = new ArrayList<>();
    if (envelope == Envelope.DEBEZIUM) {
      paths.add(List.of(Envelope.OPERATION));
      paths.add(List.of(Envelope.AFTER));
    }
    if (fields.isNone()) {
      FieldMapping.NAMES.forEach(name -> paths.add(List.of(name)));
    } else {
      fields.fields().values().forEach(all -> all.forEach(path -> paths.add(path.steps())));
    }
    return paths;
  }
}
