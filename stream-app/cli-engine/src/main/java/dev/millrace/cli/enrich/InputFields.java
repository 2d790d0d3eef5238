package dev.millrace.cli.enrich;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.cli.CommandException;
import dev.millrace.enrichment.JsonDocuments;
import dev.millrace.enrichment.Suggestion;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Which keys or columns of the input are which fields of a document, and who is told, once, of
 * those that are none. Owned by the reading thread.
 */
final class InputFields {
  private static final String REFERENCE = "reference";
  private static final String ATTRIBUTES = "attributes";
  private static final int NAME_SHOWN_MAX = 40;

  /** Beyond so many, the names are data: no list of them helps. */
  private static final int TOLD_MAX = 20;

  private final Map<String, String> sources;
  private final Consumer<String> warnings;
  private final Set<String> told = new LinkedHashSet<>();

  /**
   * @param sources key or column by field, where they have other names
   * @param warnings takes a line for each key that is not read
   * @throws CommandException if a field is none of a document
   */
  InputFields(Map<String, String> sources, Consumer<String> warnings) {
    this.sources = new LinkedHashMap<>(sources);
    this.warnings = warnings;
    for (String field : sources.keySet()) {
      if (!JsonDocuments.FIELDS.contains(field)) {
        throw CommandException.usage(
            "--field %s=%s: a document has no field %s%s; it has %s"
                .formatted(
                    field,
                    sources.get(field),
                    field,
                    Suggestion.hint(field, JsonDocuments.FIELDS),
                    String.join(", ", JsonDocuments.FIELDS)));
      }
    }
  }

  /** The object with the names that a document has. */
  ObjectNode of(ObjectNode found, String place) {
    ObjectNode object = found;
    for (Map.Entry<String, String> source : sources.entrySet()) {
      JsonNode value = object.remove(source.getValue());
      object.remove(source.getKey());
      if (value != null) {
        object.set(source.getKey(), value);
      }
    }
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      String key = field.getKey();
      if (!JsonDocuments.FIELDS.contains(key) && !key.equals(REFERENCE)) {
        tell(key, place);
      }
    }
    return object;
  }

  private void tell(String key, String place) {
    if (told.size() > TOLD_MAX || !told.add(key)) {
      return;
    }
    warnings.accept(
        told.size() > TOLD_MAX
            ? "and more keys that are not read, from " + place + " on"
            : "%s has \"%s\", which is not read%s; said once"
                .formatted(place, shown(key), Suggestion.hint(key, JsonDocuments.FIELDS)));
  }

  private static String shown(String key) {
    String plain = key.replaceAll("\\p{Cntrl}+", " ");
    return plain.length() <= NAME_SHOWN_MAX ? plain : plain.substring(0, NAME_SHOWN_MAX) + "…";
  }

  /**
   * A row of texts as an object of JSON: a column {@code attributes.NAME} is an attribute, {@code
   * reference.NAME} part of a reference, digits as {@code createdAt} are a number.
   */
  ObjectNode ofColumns(ObjectNode row) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    String createdAt = sources.getOrDefault("createdAt", "createdAt");
    for (Map.Entry<String, JsonNode> column : row.properties()) {
      String name = column.getKey();
      String value = column.getValue().textValue();
      int dot = name.indexOf('.');
      String group = dot < 0 ? "" : name.substring(0, dot);
      if (group.equals(ATTRIBUTES) || group.equals(REFERENCE)) {
        object.withObject("/" + group).put(name.substring(dot + 1), value);
      } else if (name.equals(createdAt) && value.matches("-?\\d{1,18}")) {
        object.put(name, Long.parseLong(value));
      } else {
        object.put(name, value);
      }
    }
    return object;
  }

  /** Refuses a header without which no row is a document. */
  void requireColumns(String name, List<String> columns) {
    for (String field : List.of("id", "text")) {
      String source = sources.getOrDefault(field, field);
      if (!columns.contains(source)) {
        boolean other = columns.size() == 1 && columns.getFirst().contains(";");
        throw CommandException.failure(
            "cannot read the input: %s has no column %s, only %s; %s"
                .formatted(
                    name,
                    source,
                    shown(String.join(", ", columns)),
                    other
                        ? "are they parted by semicolons? Say --delimiter ';'"
                        : "name the one that has it with --field " + field + "=COLUMN"));
      }
    }
  }
}
