package dev.millrace.records;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.enrichment.CsvRow;
import dev.millrace.enrichment.Document;
import dev.millrace.schema.WireSerializer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Turns documents into the bytes of input records, for {@code produce}. Thread-safe. */
@FunctionalInterface
public interface DocumentEncoder {

  /** The value of a record of the input topic. */
  byte[] of(Document document);

  /** Avro under a schema id. */
  static DocumentEncoder avro(int schemaId) {
    WireSerializer<dev.millrace.schema.avro.Document> serializer =
        new WireSerializer<>(schemaId, dev.millrace.schema.avro.Document.class);
    return document -> serializer.serialize(AvroDecoder.toAvro(document));
  }

  /** The text itself; the id goes into the key. */
  static DocumentEncoder text() {
    return document -> document.text().getBytes(StandardCharsets.UTF_8);
  }

  /** A JSON object. */
  static DocumentEncoder json() {
    ObjectMapper mapper = new ObjectMapper();
    return document -> {
      ObjectNode node = mapper.createObjectNode();
      node.put("id", document.id()).put("text", document.text());
      putUnlessEmpty(node, "language", document.language());
      putUnlessEmpty(node, "title", document.title());
      putUnlessEmpty(node, "source", document.source());
      putUnlessEmpty(node, "tenant", document.tenant());
      if (!document.attributes().isEmpty()) {
        ObjectNode attributes = node.putObject("attributes");
        document.attributes().forEach(attributes::put);
      }
      if (!document.createdAt().equals(Instant.EPOCH)) {
        node.put("createdAt", document.createdAt().toString());
      }
      try {
        return mapper.writeValueAsBytes(node);
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("a tree of texts can always be written", e);
      }
    };
  }

  /** A line of the columns that are named as fields of a document; any other is left empty. */
  static DocumentEncoder csv(CsvRow row) {
    return document -> {
      Map<String, String> values = new LinkedHashMap<>();
      values.put("id", document.id());
      values.put("text", document.text());
      values.put("language", document.language());
      values.put("title", document.title());
      values.put("source", document.source());
      values.put("tenant", document.tenant());
      if (!document.createdAt().equals(Instant.EPOCH)) {
        values.put("createdAt", document.createdAt().toString());
      }
      return row.line(values).getBytes(StandardCharsets.UTF_8);
    };
  }

  private static void putUnlessEmpty(ObjectNode node, String field, String text) {
    if (!text.isEmpty()) {
      node.put(field, text);
    }
  }
}
