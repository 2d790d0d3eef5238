package dev.millrace.enrichment;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Documents as JSON objects, for topics and files alike: {@code text} is required; {@code id} (a
 * text, or a whole number, whose digits it then is), {@code language}, {@code title}, {@code
 * source}, {@code tenant}, {@code attributes} (an object of texts) and {@code createdAt} (ISO 8601,
 * or milliseconds) are optional, other fields are ignored. Stateless.
 */
public final class JsonDocuments {
  private static final int NESTING_MAX = StreamReadConstraints.DEFAULT_MAX_DEPTH;
  private static final int DIGITS_MAX = StreamReadConstraints.DEFAULT_MAX_NUM_LEN;
  private static final String TIME =
      "ISO 8601 such as 2026-01-31T12:00:00Z, or milliseconds since 1970 in 64 bits";

  /** Keys of an object that are fields of its document. */
  public static final List<String> FIELDS =
      List.of("id", "text", "language", "title", "source", "tenant", "attributes", "createdAt");

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  /** Texts may be as long as the record or line, whose size is limited elsewhere. */
  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxStringLength(Integer.MAX_VALUE)
                          .maxNameLength(Integer.MAX_VALUE)
                          .maxNestingDepth(NESTING_MAX)
                          .maxNumberLength(DIGITS_MAX)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          // Where a number becomes a text, it has the digits that it was written with.
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .configure(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES, false);

  private JsonDocuments() {}

  /**
   * The object in a text; a byte order mark before it is passed over.
   *
   * @throws DocumentException {@code UNDECODABLE} if it is no JSON object, or not one alone
   */
  public static JsonNode parse(String json) {
    boolean marked = !json.isEmpty() && json.charAt(0) == BYTE_ORDER_MARK;
    JsonNode root;
    try {
      root = MAPPER.readTree(marked ? json.substring(1) : json);
    } catch (StreamConstraintsException e) {
      throw undecodable(
          String.format(
              Locale.ROOT,
              "the JSON is nested deeper than %,d levels, or has a number of more than %,d digits",
              NESTING_MAX,
              DIGITS_MAX));
    } catch (JsonProcessingException e) {
      // The parser's message may quote the text: only the place is told.
      JsonLocation at = e.getLocation();
      throw undecodable(
          String.format(
              Locale.ROOT,
              "it is no JSON, or not JSON alone, at line %d, column %d",
              at == null ? 0 : at.getLineNr(),
              at == null ? 0 : at.getColumnNr()));
    }
    if (!root.isObject()) {
      throw undecodable("expected a JSON object, found " + kind(root));
    }
    return root;
  }

  /**
   * The document that an object describes.
   *
   * @param root what {@link #parse} gave
   * @param defaultId its id if it states none
   * @param defaultCreatedAt its time if it states none
   * @throws DocumentException with what is wrong with it
   */
  public static Document document(JsonNode root, String defaultId, Instant defaultCreatedAt) {
    String id = id(root);
    return new Document(
        id.isEmpty() ? defaultId : id,
        requiredText(root),
        text(root, "language"),
        text(root, "title"),
        text(root, "source"),
        text(root, "tenant"),
        attributes(root),
        createdAt(root, defaultCreatedAt));
  }

  /**
   * The id that an object states, or empty if it states none.
   *
   * @throws DocumentException if it is neither a text nor a whole number
   */
  public static String id(JsonNode root) {
    JsonNode node = root.path("id");
    if (node.isIntegralNumber()) {
      return node.bigIntegerValue().toString();
    }
    if (node.isNumber()) {
      throw fault("id", "a text or a whole number", node);
    }
    return text(root, "id");
  }

  private static String requiredText(JsonNode root) {
    JsonNode node = root.path("text");
    if (!node.isTextual()) {
      throw fault("text", "a text", node);
    }
    return node.textValue();
  }

  private static String text(JsonNode root, String field) {
    JsonNode node = root.path(field);
    if (node.isMissingNode() || node.isNull()) {
      return "";
    }
    if (!node.isTextual()) {
      throw fault(field, "a text", node);
    }
    return node.textValue();
  }

  private static Map<String, String> attributes(JsonNode root) {
    JsonNode node = root.path("attributes");
    if (node.isMissingNode() || node.isNull()) {
      return Map.of();
    }
    if (!node.isObject()) {
      throw fault("attributes", "an object of texts", node);
    }
    Map<String, String> attributes = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!entry.getValue().isTextual()) {
        throw fault("attributes", "texts", entry.getValue());
      }
      attributes.put(entry.getKey(), entry.getValue().textValue());
    }
    return attributes;
  }

  private static Instant createdAt(JsonNode root, Instant absent) {
    JsonNode node = root.path("createdAt");
    if (node.isMissingNode() || node.isNull()) {
      return absent;
    }
    if (node.isIntegralNumber() && node.canConvertToLong()) {
      return Instant.ofEpochMilli(node.longValue());
    }
    if (node.isTextual()) {
      try {
        return Instant.parse(node.textValue());
      } catch (DateTimeException e) {
        throw fault("createdAt", TIME, node);
      }
    }
    throw fault("createdAt", TIME, node);
  }

  private static DocumentException fault(String field, String expected, JsonNode found) {
    return new DocumentException(
        RejectReason.INVALID_DOCUMENT,
        String.format(
            Locale.ROOT, "field %s: expected %s, found %s", field, expected, kind(found)));
  }

  private static DocumentException undecodable(String message) {
    return new DocumentException(RejectReason.UNDECODABLE, message);
  }

  private static String kind(JsonNode node) {
    return node.isMissingNode() ? "nothing" : node.getNodeType().name().toLowerCase(Locale.ROOT);
  }
}
