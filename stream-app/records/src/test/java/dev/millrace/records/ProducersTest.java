package dev.millrace.records;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.shape.Envelope;
import dev.millrace.records.shape.EpochUnit;
import dev.millrace.records.shape.FieldMapping;
import dev.millrace.records.shape.FieldPath;
import dev.millrace.records.shape.RecordShape;
import dev.millrace.schema.SchemaLookup;
import dev.millrace.schema.SchemaSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.Schema;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

/**
 * Values that programs in another language wrote: {@code producers/records.jsonl}, made by the
 * script beside it.
 */
class ProducersTest {
  private static final RecordShape ROWS =
      shape(
          Envelope.NONE,
          "id",
          "ID",
          "text",
          "BODY",
          "createdAt",
          "AT",
          "attributes.price",
          "PRICE");
  private static final RecordShape EVENTS =
      shape(
          Envelope.DEBEZIUM,
          "id",
          "id",
          "text",
          "body",
          "createdAt",
          "changed",
          "attributes.table",
          "$.source.table");

  private static RecordShape shape(Envelope envelope, String... namesAndPaths) {
    Map<String, List<FieldPath>> fields = new LinkedHashMap<>();
    for (int i = 0; i < namesAndPaths.length; i += 2) {
      fields.put(namesAndPaths[i], List.of(FieldPath.parse(namesAndPaths[i + 1])));
    }
    return new RecordShape(envelope, new FieldMapping(fields, "\n\n", EpochUnit.MILLIS));
  }

  private static JsonNode record(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            ProducersTest.class.getResourceAsStream("/producers/records.jsonl"))) {
      ObjectMapper json = new ObjectMapper();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        JsonNode record = json.readTree(line);
        if (record.path("name").asText().equals(name)) {
          return record;
        }
      }
    }
    throw new AssertionError("no record is called " + name);
  }

  /** A registry that has this record's schema. */
  private static SchemaSource registry(JsonNode record) {
    String type = record.path("type").asText();
    return _ ->
        type.equals(SchemaKinds.AVRO)
            ? new SchemaLookup.Found(new Schema.Parser().parse(record.path("schema").asText()))
            : new SchemaLookup.OtherType(type);
  }

  private static Decoded decode(String name, RecordShape shape, boolean json) throws IOException {
    JsonNode record = record(name);
    DocumentDecoder decoder =
        json ? new JsonDecoder(shape, registry(record)) : new AvroDecoder(shape, registry(record));
    return decoder.decode(
        new SourceRecord(
            new SourcePosition("t", 0, 1),
            1000,
            null,
            new RecordHeaders(),
            Base64.getDecoder().decode(record.path("value").asText())));
  }

  private static Document document(String name, RecordShape shape, boolean json)
      throws IOException {
    Decoded decoded = decode(name, shape, json);
    assertThat(decoded).as(name).isInstanceOf(Decoded.Success.class);
    return ((Decoded.Success) decoded).document();
  }

  private static Decoded.Invalid fault(String name, RecordShape shape, boolean json)
      throws IOException {
    Decoded decoded = decode(name, shape, json);
    assertThat(decoded).as(name).isInstanceOf(Decoded.Invalid.class);
    return (Decoded.Invalid) decoded;
  }

  @Test
  void shouldReadRowsInWhichEveryFieldMayBeNull() throws IOException {
    Document row = document("ksql", ROWS, false);

    assertThat(row.id()).isEqualTo("k1");
    assertThat(row.text()).isEqualTo("A mill.");
    assertThat(row.createdAt()).isEqualTo("2026-01-31T12:00:00.001Z");
    assertThat(row.attributes()).isEqualTo(Map.of("price", "12.50"));
    assertThat(fault("ksql-null", ROWS, false))
        .isEqualTo(
            new Decoded.Invalid(
                RejectReason.INVALID_DOCUMENT, "field text (BODY): expected a text, found null"));
  }

  @Test
  void shouldReadEventsOfAChangedTable() throws IOException {
    Document row = document("debezium", EVENTS, false);

    assertThat(row.id()).isEqualTo("5");
    assertThat(row.createdAt()).isEqualTo("2026-01-31T12:00:00.000001Z");
    assertThat(row.attributes()).isEqualTo(Map.of("table", "notes"));
    assertThat(decode("debezium-delete", EVENTS, false)).isInstanceOf(Decoded.Deletion.class);
  }

  @Test
  void shouldReadADocumentOfAnotherNameAndOtherTypes() throws IOException {
    Document note = document("dataclass", RecordShape.DOCUMENT, false);

    assertThat(note.id()).isEqualTo("7c9e6679-7425-40de-944b-e07fc1f90ae7");
    assertThat(note.language()).isEqualTo("it");
    assertThat(note.createdAt()).isEqualTo("2026-01-31T12:00:00.001Z");
    assertThat(note.attributes()).isEqualTo(Map.of("k", "v"));
  }

  @Test
  void shouldReadJsonSchemasFramingAndSayThatProtobufIsNotRead() throws IOException {
    assertThat(document("json-schema", RecordShape.DOCUMENT, true).text()).isEqualTo("A mill.");
    assertThat(fault("json-schema", RecordShape.DOCUMENT, false).message())
        .contains("set the input's format to json");
    for (boolean json : new boolean[] {false, true}) {
      assertThat(fault("protobuf", RecordShape.DOCUMENT, json).message())
          .contains("schema 7, which the registry says is PROTOBUF")
          .contains("use Avro or JSON");
    }
    assertThat(fault("ksql", RecordShape.DOCUMENT, true).message())
        .contains("set the input's format to avro");
  }
}
