package dev.millrace.streams.cli.enrich;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.enrichment.evaluation.Reference;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A line of the input: a document with its reference, if it has one, or a fault. Immutable. */
sealed interface InputLine {

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

  /** Reads lines. Thread-safe because the mapper is. */
  final class Parser {
    private final ObjectMapper mapper;

    /** A parser for lines of at most so many bytes. */
    Parser(int lineBytesMax) {
      JsonFactory factory =
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxStringLength(lineBytesMax).build())
              .build();
      mapper = new ObjectMapper(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    }

    InputLine parse(JsonLines.Line line) {
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
        case JsonLines.Text text -> parse(text.text(), where);
      };
    }

    private InputLine parse(String text, String where) {
      JsonNode node;
      try {
        node = mapper.readTree(text);
      } catch (JsonProcessingException e) {
        // The parser's message may quote the text: only the place is told.
        int column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
        return new Bad(
            null,
            RejectReason.UNDECODABLE,
            where + "is no JSON, or not JSON alone: column " + column);
      }
      if (!node.isObject()) {
        return new Bad(
            null, RejectReason.UNDECODABLE, where + "must be a JSON object with id and text");
      }
      JsonNode idNode = node.path("id");
      String id = idNode.isTextual() || idNode.isNumber() ? idNode.asText() : "";
      if (id.isBlank()) {
        return new Bad(null, RejectReason.INVALID_DOCUMENT, where + "has no id");
      }
      if (!node.path("text").isTextual()) {
        return new Bad(id, RejectReason.INVALID_DOCUMENT, where + "has no text");
      }
      Document document =
          Document.of(id, node.path("text").asText(), node.path("language").asText(""));
      return new Good(document, reference(node.path("reference")));
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
          node.path("label").asText(""), node.path("summary").asText(""), translations);
    }
  }
}
