package dev.millrace.cli.enrich;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.cli.JsonLines;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.JsonDocuments;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.enrichment.evaluation.Reference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A line of the input: a document with its reference, if it has one, or a fault. Immutable. */
sealed interface InputLine {
  /** Fields of a reference that are not named after their task. */
  List<String> UNNAMED = List.of("label", "summary", "translations");

  /**
   * A document.
   *
   * @param document what is enriched
   * @param reference what should come out; {@link Reference#NONE} if the line does not say
   */
  record Good(Document document, Reference reference) implements InputLine {}

  /**
   * A line that is no document.
   *
   * @param id null if it has none that can be read
   * @param reason what kind of fault
   * @param message with the line's number
   */
  record Bad(@Nullable String id, RejectReason reason, String message) implements InputLine {}

  /** What a line says. A fault's message names the line and never quotes it. */
  static InputLine of(JsonLines.Line line) {
    String where = "line " + line.number() + ": ";
    return switch (line) {
      case JsonLines.NotUtf8 _ ->
          new Bad(null, RejectReason.INVALID_TEXT, where + "is not UTF-8 text");
      case JsonLines.TooLong tooLong ->
          new Bad(
              null,
              RejectReason.TOO_LARGE,
              where
                  + String.format(
                      Locale.ROOT, "has %d bytes, more than a line may have", tooLong.bytes()));
      case JsonLines.Text text -> of(text.text(), where);
    };
  }

  private static InputLine of(String text, String where) {
    String id = "";
    try {
      JsonNode line = JsonDocuments.parse(text);
      id = readableId(line);
      Document document = JsonDocuments.document(line, "", Instant.EPOCH);
      return document.id().isBlank()
          ? new Bad(null, RejectReason.INVALID_DOCUMENT, where + "has no id")
          : new Good(document, reference(line.path("reference")));
    } catch (DocumentException e) {
      return new Bad(id.isEmpty() ? null : id, e.reason(), where + e.getMessage());
    }
  }

  /** The id as it may be written again; empty if there is none, or it is no Unicode. */
  private static String readableId(JsonNode line) {
    try {
      return Document.of(JsonDocuments.id(line), "", "").id();
    } catch (DocumentException e) {
      return "";
    }
  }

  private static Reference reference(JsonNode node) {
    if (!node.isObject()) {
      return Reference.NONE;
    }
    Map<String, String> translations = new LinkedHashMap<>();
    node.path("translations")
        .properties()
        .forEach(field -> translations.put(field.getKey(), field.getValue().asText()));
    return new Reference(
        node.path("label").asText(""), node.path("summary").asText(""), translations, named(node));
  }

  /** What named tasks should say: a text or a list of texts under the task's name. */
  private static Map<String, List<String>> named(JsonNode node) {
    Map<String, List<String>> named = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (UNNAMED.contains(field.getKey())) {
        continue;
      }
      List<String> texts = new ArrayList<>();
      if (field.getValue().isArray()) {
        field.getValue().forEach(item -> texts.add(item.asText()));
      } else if (field.getValue().isValueNode() && !field.getValue().isNull()) {
        texts.add(field.getValue().asText());
      } else {
        continue;
      }
      named.put(field.getKey(), texts);
    }
    return named;
  }
}
