package dev.millrace.records.shape;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.RejectReason;
import java.util.Locale;

/** What a producer puts around the row that a record is about. */
public enum Envelope {
  /** Nothing. */
  NONE {
    @Override
    Content open(JsonNode value) {
      return new Content(value, value, false);
    }
  },

  /** {@code schema} and {@code payload}, as Connect's JSON converter writes with its schemas. */
  CONNECT {
    @Override
    Content open(JsonNode value) {
      if (!isConnect(value)) {
        throw fault(
            "it has not the fields schema and payload alone: is schemas.enable set in the"
                + " connector's converter? If not, take envelope: none");
      }
      JsonNode payload = ConnectValues.read(value.path(SCHEMA), value.path(PAYLOAD));
      return new Content(payload, payload, payload.isNull());
    }
  },

  /**
   * {@code before}, {@code after}, {@code op} and more, as Debezium writes; Connect's around it.
   */
  DEBEZIUM {
    @Override
    Content open(JsonNode value) {
      JsonNode event =
          isConnect(value) ? ConnectValues.read(value.path(SCHEMA), value.path(PAYLOAD)) : value;
      if (event.isNull()) {
        return new Content(event, event, true);
      }
      String op = event.path(OPERATION).asText();
      JsonNode after = event.path(AFTER);
      return switch (op) {
        case "d" -> new Content(event, MissingNode.getInstance(), true);
        case "c", "u", "r" -> {
          if (!after.isObject()) {
            throw fault("a Debezium event of operation " + op + " has no row in after");
          }
          yield new Content(event, after, false);
        }
        case "t", "m" -> throw fault("a Debezium event of operation " + op + " is about no row");
        default ->
            throw fault(
                "it is no Debezium event: its field op is none of c, u, r and d. Of rows that"
                    + " Debezium has unwrapped (ExtractNewRecordState) take envelope: none");
      };
    }
  };

  /** Field of Debezium's events that holds the row. */
  public static final String AFTER = "after";

  /** Field of Debezium's events that says what happened to it. */
  public static final String OPERATION = "op";

  private static final String SCHEMA = "schema";
  private static final String PAYLOAD = "payload";

  /**
   * What is in the envelope.
   *
   * @param whole the value, less what Connect puts around it
   * @param row the row that the record is about; missing if deleted
   * @param deleted whether the record says that the row is gone
   */
  record Content(JsonNode whole, JsonNode row, boolean deleted) {}

  /**
   * Takes the row out.
   *
   * @throws DocumentException if the value is none of this kind
   */
  abstract Content open(JsonNode value);

  private static boolean isConnect(JsonNode value) {
    return value.isObject() && value.size() == 2 && value.has(SCHEMA) && value.has(PAYLOAD);
  }

  final DocumentException fault(String message) {
    return new DocumentException(
        RejectReason.INVALID_DOCUMENT,
        "envelope %s: %s".formatted(name().toLowerCase(Locale.ROOT), message));
  }
}
