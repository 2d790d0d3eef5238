package dev.millrace.streams.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.streams.processor.Decoded;
import dev.millrace.streams.processor.DocumentDecoder;
import dev.millrace.streams.processor.Envelope;
import dev.millrace.streams.processor.PendingId;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Values that are a JSON object: {@code text} is required; {@code id}, {@code language}, {@code
 * title}, {@code source}, {@code tenant}, {@code attributes} (an object of texts) and {@code
 * createdAt} (ISO 8601, or milliseconds) are optional, other fields are ignored. Immutable.
 */
public final class JsonDecoder implements DocumentDecoder {
  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  /** A fault of one field; caught where the object is read. */
  private static final class FieldFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    FieldFault(String field, String expected, JsonNode found) {
      super(
          "field %s: expected %s, found %s"
              .formatted(
                  field, expected, found.getNodeType().name().toLowerCase(java.util.Locale.ROOT)));
    }
  }

  @Override
  public Decoded decode(PendingId id, Envelope record) {
    Optional<String> text = StrictUtf8.decode(record.value());
    if (text.isEmpty()) {
      return new Decoded.Invalid(
          RejectReason.INVALID_TEXT,
          String.format(
              Locale.ROOT, "the %d bytes of the value are not UTF-8", record.value().length));
    }
    JsonNode root;
    try {
      root = MAPPER.readTree(text.get());
    } catch (JsonProcessingException e) {
      return new Decoded.Invalid(
          RejectReason.UNDECODABLE,
          String.format(
              Locale.ROOT,
              "the value is not JSON at line %d, column %d",
              e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
              e.getLocation() == null ? 0 : e.getLocation().getColumnNr()));
    }
    if (!root.isObject()) {
      return new Decoded.Invalid(
          RejectReason.UNDECODABLE, "the value is not a JSON object but " + root.getNodeType());
    }
    try {
      return new Decoded.Success(document(root, id, record));
    } catch (FieldFault e) {
      return new Decoded.Invalid(RejectReason.INVALID_DOCUMENT, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Reads a document that has a name of its own, as the lines of {@code produce} have.
   *
   * @throws IllegalArgumentException with what is wrong with it
   */
  public static Document read(String line, String defaultId, Instant defaultCreatedAt) {
    try {
      JsonNode root = MAPPER.readTree(line);
      if (!root.isObject()) {
        throw new IllegalArgumentException("expected a JSON object, found " + root.getNodeType());
      }
      return document(root, defaultId, defaultCreatedAt);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
    } catch (FieldFault e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static Document document(JsonNode root, PendingId id, Envelope record) {
    return document(
        root, RecordNames.documentId(id, record), Instant.ofEpochMilli(record.timestamp()));
  }

  private static Document document(JsonNode root, String defaultId, Instant defaultCreatedAt) {
    String id = text(root, "id", "");
    return new Document(
        id.isEmpty() ? defaultId : id,
        requiredText(root),
        text(root, "language", ""),
        text(root, "title", ""),
        text(root, "source", ""),
        text(root, "tenant", ""),
        attributes(root),
        createdAt(root, defaultCreatedAt));
  }

  private static String requiredText(JsonNode root) {
    JsonNode node = root.path("text");
    if (!node.isTextual()) {
      throw new FieldFault("text", "a text", node);
    }
    return node.textValue();
  }

  private static String text(JsonNode root, String field, String absent) {
    JsonNode node = root.path(field);
    if (node.isMissingNode() || node.isNull()) {
      return absent;
    }
    if (!node.isTextual()) {
      throw new FieldFault(field, "a text", node);
    }
    return node.textValue();
  }

  private static Map<String, String> attributes(JsonNode root) {
    JsonNode node = root.path("attributes");
    if (node.isMissingNode() || node.isNull()) {
      return Map.of();
    }
    if (!node.isObject()) {
      throw new FieldFault("attributes", "an object of texts", node);
    }
    Map<String, String> attributes = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!entry.getValue().isTextual()) {
        throw new FieldFault("attributes", "texts", entry.getValue());
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
      } catch (DateTimeParseException e) {
        throw new FieldFault("createdAt", "ISO 8601 such as 2026-01-31T12:00:00Z", node);
      }
    }
    throw new FieldFault("createdAt", "ISO 8601 or milliseconds", node);
  }
}
