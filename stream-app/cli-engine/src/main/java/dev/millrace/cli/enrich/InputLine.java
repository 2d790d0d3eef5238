package dev.millrace.cli.enrich;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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

  /**
   * What a line says. A fault's message names the place and never quotes it.
   *
   * @param place such as {@code line 17}
   */
  static InputLine of(JsonLines.Line line, String place, InputFields fields) {
    if (!(line instanceof JsonLines.Text text)) {
      return bad(line, null, place);
    }
    ObjectNode object;
    try {
      object = (ObjectNode) JsonDocuments.parse(text.text());
    } catch (DocumentException e) {
      return new Bad(null, e.reason(), place + ": " + e.getMessage());
    }
    return of(object, place, fields);
  }

  /** The fault of a line that is no text. */
  static Bad bad(JsonLines.Line line, @Nullable String id, String place) {
    return line instanceof JsonLines.TooLong tooLong
        ? new Bad(
            id,
            RejectReason.TOO_LARGE,
            String.format(
                Locale.ROOT,
                "%s: has %d bytes, more than the %d that it may have",
                place,
                tooLong.bytes(),
                JsonLines.BYTES_MAX))
        : new Bad(id, RejectReason.INVALID_TEXT, place + ": is not UTF-8 text");
  }

  /** What an object says. */
  static InputLine of(ObjectNode found, String place, InputFields fields) {
    ObjectNode object = fields.of(found, place);
    String id = readableId(object);
    try {
      Document document = JsonDocuments.document(object, "", Instant.EPOCH);
      return document.id().isBlank()
          ? new Bad(null, RejectReason.INVALID_DOCUMENT, place + ": has no id")
          : new Good(document, reference(object.path("reference")));
    } catch (DocumentException e) {
      return new Bad(id.isEmpty() ? null : id, e.reason(), place + ": " + e.getMessage());
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
