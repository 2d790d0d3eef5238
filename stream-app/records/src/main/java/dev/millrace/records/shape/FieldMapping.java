package dev.millrace.records.shape;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.RejectReason;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which field of a value becomes which field of a document. What it does not name, the document
 * does not have. Immutable.
 *
 * @param fields paths by the document's field, an attribute's being {@code attributes.NAME}; only
 *     {@code text} may have several
 * @param separator stands between several texts
 * @param unit of times that are bare numbers
 */
public record FieldMapping(Map<String, List<FieldPath>> fields, String separator, EpochUnit unit) {
  /** What stands before an attribute's name. */
  public static final String ATTRIBUTE = "attributes.";

  private static final String ID = "id";
  private static final String TEXT = "text";
  private static final String CREATED_AT = "createdAt";
  private static final String ATTRIBUTES = "attributes";

  /** The fields that may be named, besides those of attributes. */
  public static final List<String> NAMES =
      List.of(ID, TEXT, "language", "title", "source", "tenant", CREATED_AT, ATTRIBUTES);

  private static final String TIME =
      "ISO 8601 with an offset such as 2026-01-31T12:00:00Z, a date, or a number of time.unit";

  /** Copies the paths, keeping the order of the attributes. */
  public FieldMapping {
    Map<String, List<FieldPath>> copy = new LinkedHashMap<>();
    fields.forEach((name, paths) -> copy.put(name, List.copyOf(paths)));
    fields = Collections.unmodifiableMap(copy);
  }

  /** A mapping of nothing: the value has the fields of a document itself. */
  public static FieldMapping none() {
    return new FieldMapping(Map.of(), "", EpochUnit.MILLIS);
  }

  /**
   * What is wrong with a field's entry, to stand behind its name; empty if nothing is.
   *
   * @param paths as they were written
   */
  public static Optional<String> problem(String name, List<String> paths) {
    if (!NAMES.contains(name) && !name.startsWith(ATTRIBUTE)) {
      return Optional.of(
          "is no field of a document; there are %s and attributes.NAME"
              .formatted(String.join(", ", NAMES)));
    }
    if (paths.size() > 1 && !name.equals(TEXT)) {
      return Optional.of("takes one path, found %s: only text is joined".formatted(paths));
    }
    try {
      paths.forEach(path -> {
        FieldPath _ = FieldPath.parse(path);
      });
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** Whether the value has the fields of a document itself. */
  public boolean isNone() {
    return fields.isEmpty();
  }

  /**
   * The document in a value.
   *
   * @param defaultId its id if it states none
   * @param defaultCreatedAt its time if it states none
   * @throws DocumentException with what is wrong with it
   */
  Document document(Envelope.Content content, String defaultId, Instant defaultCreatedAt) {
    String id = id(content);
    return new Document(
        id.isEmpty() ? defaultId : id,
        text(content),
        optional("language", content),
        optional("title", content),
        optional("source", content),
        optional("tenant", content),
        attributes(content),
        createdAt(content, defaultCreatedAt));
  }

  private String id(Envelope.Content content) {
    JsonNode node = node(ID, content);
    if (absent(node)) {
      return "";
    }
    if (node.isTextual()) {
      return node.textValue();
    }
    if (node.isIntegralNumber()) {
      return node.bigIntegerValue().toString();
    }
    throw fault(ID, "a text or a whole number", node);
  }

  private String text(Envelope.Content content) {
    List<String> texts = new ArrayList<>();
    List<FieldPath> paths = fields.getOrDefault(TEXT, List.of());
    for (FieldPath path : paths) {
      JsonNode node = path.in(content);
      if (node.isArray()) {
        node.forEach(entry -> add(texts, entry));
      } else {
        add(texts, node);
      }
    }
    if (texts.isEmpty()) {
      JsonNode found = paths.isEmpty() ? content.row().path("") : paths.getFirst().in(content);
      throw fault(TEXT, paths.size() > 1 ? "a text in one of them" : "a text", found);
    }
    return texts.stream()
        .filter(text -> texts.size() == 1 || !text.isEmpty())
        .collect(Collectors.joining(separator));
  }

  private void add(List<String> texts, JsonNode node) {
    if (node.isTextual()) {
      texts.add(node.textValue());
    } else if (!absent(node)) {
      throw fault(TEXT, "a text", node);
    }
  }

  private String optional(String name, Envelope.Content content) {
    JsonNode node = node(name, content);
    return absent(node) ? "" : scalar(name, node);
  }

  private Map<String, String> attributes(Envelope.Content content) {
    Map<String, String> attributes = new LinkedHashMap<>();
    JsonNode all = node(ATTRIBUTES, content);
    if (!absent(all)) {
      if (!all.isObject()) {
        throw fault(ATTRIBUTES, "an object", all);
      }
      // Named one by one below; of a whole object, what is no text can stay behind.
      for (Map.Entry<String, JsonNode> entry : all.properties()) {
        if (isScalar(entry.getValue())) {
          attributes.put(entry.getKey(), entry.getValue().asText());
        }
      }
    }
    for (String name : fields.keySet()) {
      if (name.startsWith(ATTRIBUTE)) {
        JsonNode node = node(name, content);
        if (!absent(node)) {
          attributes.put(name.substring(ATTRIBUTE.length()), scalar(name, node));
        }
      }
    }
    return attributes;
  }

  private Instant createdAt(Envelope.Content content, Instant otherwise) {
    JsonNode node = node(CREATED_AT, content);
    if (absent(node)) {
      return otherwise;
    }
    try {
      if (node.isNumber()) {
        return unit.time(node.decimalValue());
      }
      if (node.isTextual()) {
        String text = node.textValue();
        return text.indexOf('T') < 0
            ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
            : Instant.parse(text);
      }
    } catch (DateTimeException | ArithmeticException e) {
      throw fault(CREATED_AT, TIME, node);
    }
    throw fault(CREATED_AT, TIME, node);
  }

  private JsonNode node(String name, Envelope.Content content) {
    List<FieldPath> paths = fields.getOrDefault(name, List.of());
    return paths.isEmpty() ? content.row().path("") : paths.getFirst().in(content);
  }

  private String scalar(String name, JsonNode node) {
    if (!isScalar(node)) {
      throw fault(name, "a text, a number, true or false", node);
    }
    return node.asText();
  }

  private static boolean isScalar(JsonNode node) {
    return node.isTextual() || node.isNumber() || node.isBoolean();
  }

  private static boolean absent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }

  private DocumentException fault(String name, String expected, JsonNode found) {
    String at =
        fields.getOrDefault(name, List.of()).stream()
            .map(FieldPath::text)
            .collect(Collectors.joining(", "));
    return new DocumentException(
        RejectReason.INVALID_DOCUMENT,
        String.format(
            Locale.ROOT,
            "field %s (%s): expected %s, found %s",
            name,
            at,
            expected,
            found.isMissingNode()
                ? "nothing"
                : found.getNodeType().name().toLowerCase(Locale.ROOT)));
  }
}
