package dev.millrace.records;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.shape.Envelope;
import dev.millrace.records.shape.EpochUnit;
import dev.millrace.records.shape.FieldMapping;
import dev.millrace.records.shape.FieldPath;
import dev.millrace.records.shape.RecordShape;
import dev.millrace.schema.SchemaLookup;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Avro as producers write it: their schemas, not ours. */
class AvroShapesTest {
  private static final SourcePosition AT = new SourcePosition("docs", 0, 4);

  private static Schema document(String fields) {
    return new Schema.Parser()
        .parse(
            "{\"type\":\"record\",\"name\":\"Document\",\"namespace\":\"com.acme\",\"fields\":["
                + fields
                + "]}");
  }

  private static byte[] bytes(Schema schema, Object value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(ByteBuffer.allocate(5).putInt(1, 3).array());
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    try {
      new GenericDatumWriter<>(schema).write(value, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("an array in memory cannot fail", e);
    }
    return out.toByteArray();
  }

  private static GenericData.Record record(Schema schema, @Nullable Object... values) {
    GenericData.Record record = new GenericData.Record(schema);
    for (int i = 0; i < values.length; i++) {
      record.put(i, values[i]);
    }
    return record;
  }

  private static Decoded decode(RecordShape shape, Schema schema, Object value) {
    return new AvroDecoder(shape, _ -> new SchemaLookup.Found(schema))
        .decode(
            new SourceRecord(
                AT,
                1000,
                "k".getBytes(StandardCharsets.UTF_8),
                new RecordHeaders(),
                bytes(schema, value)));
  }

  private static Document read(RecordShape shape, Schema schema, Object value) {
    Decoded decoded = decode(shape, schema, value);
    assertThat(decoded).isInstanceOf(Decoded.Success.class);
    return ((Decoded.Success) decoded).document();
  }

  private static Document read(Schema schema, @Nullable Object... values) {
    return read(RecordShape.DOCUMENT, schema, record(schema, values));
  }

  private static Decoded.Invalid fault(Schema schema, @Nullable Object... values) {
    Decoded decoded = decode(RecordShape.DOCUMENT, schema, record(schema, values));
    assertThat(decoded).isInstanceOf(Decoded.Invalid.class);
    return (Decoded.Invalid) decoded;
  }

  private static RecordShape shape(Envelope envelope, String... namesAndPaths) {
    Map<String, List<FieldPath>> fields = new LinkedHashMap<>();
    for (int i = 0; i < namesAndPaths.length; i += 2) {
      fields.put(namesAndPaths[i], List.of(FieldPath.parse(namesAndPaths[i + 1])));
    }
    return new RecordShape(envelope, new FieldMapping(fields, "\n", EpochUnit.MILLIS));
  }

  private static final String NULLABLE = "[\"null\",\"string\"]";

  @Test
  void shouldReadFieldsThatMayBeNullByTheBranchThatWasWritten() {
    Schema schema =
        document(
            """
            {"name":"id","type":%s},{"name":"text","type":["string","null"]},
            {"name":"attributes","type":["null",{"type":"map","values":["null","string","int"]}]},
            {"name":"images","type":["null",{"type":"array","items":"string"}]}
            """
                .formatted(NULLABLE));

    Document whole = read(schema, "a", "x", Map.of("k", "v"), null);
    assertThat(whole.id()).isEqualTo("a");
    assertThat(whole.attributes()).isEqualTo(Map.of("k", "v"));
    assertThat(read(schema, null, "x", null, List.of()).id()).as("its key").isEqualTo("k");
    Decoded.Invalid none = fault(schema, "a", null, null, null);
    assertThat(none.reason()).isEqualTo(RejectReason.INVALID_DOCUMENT);
    assertThat(none.message()).isEqualTo("field text: expected a text, found null");
    assertThat(fault(schema, "a", "x", Map.of("k", 5), null).message())
        .contains("field attributes: expected texts, found number");
    assertThat(fault(schema, "a", "x", null, List.of("i")).message()).contains("1 images");
  }

  @Test
  void shouldConvertTimesToWhatTheirSchemaSays() {
    long micros = 1_769_860_800_000_001L;
    String time = "{\"name\":\"text\",\"type\":\"string\"},{\"name\":\"createdAt\",\"type\":%s}";
    Map<String, Object> values =
        Map.of(
            "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}",
            micros,
            "{\"type\":\"long\",\"logicalType\":\"local-timestamp-micros\"}",
            micros,
            "{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}",
            micros * 1000,
            "[\"null\",{\"type\":\"long\",\"connect.name\":\"io.debezium.time.MicroTimestamp\"}]",
            micros,
            "\"string\"",
            "2026-01-31T12:00:00.000001Z");

    values.forEach((type, value) ->
        assertThat(read(document(time.replace("%s", type)), "x", value).createdAt())
            .as(type)
            .isEqualTo("2026-01-31T12:00:00.000001Z"));
    assertThat(read(document(time.replace("%s", "\"long\"")), "x", 1L).createdAt())
        .as("a bare number counts milliseconds, as in JSON")
        .isEqualTo(Instant.ofEpochMilli(1));
    assertThat(
            read(
                    document(
                        time.replace(
                            "%s", "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}")),
                    "x",
                    Long.MAX_VALUE)
                .createdAt())
        .isEqualTo(Instant.ofEpochMilli(Long.MAX_VALUE));
  }

  @Test
  void shouldSayThatASchemaIsNoDocuments() {
    Decoded.Invalid other = fault(document("{\"name\":\"body\",\"type\":\"string\"}"), "secret");
    assertThat(other.reason()).isEqualTo(RejectReason.UNDECODABLE);
    assertThat(other.message())
        .contains("com.acme.Document")
        .contains("its field text is missing")
        .contains("fields")
        .doesNotContain("secret");
    assertThat(fault(document("{\"name\":\"text\",\"type\":\"int\"}"), 5).message())
        .contains("its field text is number");
  }

  /** The names that ksqlDB and Connect's converter give; every field may be null. */
  @Test
  void shouldReadRowsOfKsqlAndConnectByTheirNames() {
    Schema ksql =
        new Schema.Parser()
            .parse(
                """
                {"type":"record","name":"KsqlDataSourceSchema",
                 "namespace":"io.confluent.ksql.avro_schemas","fields":[
                  {"name":"SUBJECT","type":["null","string"],"default":null},
                  {"name":"BODY","type":["null","string"],"default":null},
                  {"name":"AMOUNT","type":["null",{"type":"bytes","scale":2,"precision":9,
                   "connect.version":1,"connect.parameters":{"scale":"2"},
                   "connect.name":"org.apache.kafka.connect.data.Decimal",
                   "logicalType":"decimal"}],"default":null},
                  {"name":"AT","type":["null",{"type":"long","connect.version":1,
                   "connect.name":"org.apache.kafka.connect.data.Timestamp",
                   "logicalType":"timestamp-millis"}],"default":null}],
                 "connect.name":"io.confluent.ksql.avro_schemas.KsqlDataSourceSchema"}
                """);
    ByteBuffer amount = ByteBuffer.wrap(new BigDecimal("12.46").unscaledValue().toByteArray());

    Document document =
        read(
            shape(
                Envelope.NONE,
                "text",
                "BODY",
                "title",
                "SUBJECT",
                "createdAt",
                "AT",
                "attributes.amount",
                "AMOUNT"),
            ksql,
            record(ksql, null, "x", amount, 1_769_860_800_000L));

    assertThat(document.id()).as("ksqlDB keeps the key out of the value").isEqualTo("k");
    assertThat(document.title()).isEmpty();
    assertThat(document.createdAt()).isEqualTo("2026-01-31T12:00:00Z");
    assertThat(document.attributes()).isEqualTo(Map.of("amount", "12.46"));
  }

  @Test
  void shouldReadDebeziumsEventsInAvro() {
    Schema row =
        new Schema.Parser()
            .parse(
                """
                {"type":"record","name":"Envelope","namespace":"shop.public.notes","fields":[
                  {"name":"before","type":["null",{"type":"record","name":"Value","fields":[
                     {"name":"id","type":"int"},
                     {"name":"body","type":["null","string"],"default":null}],
                    "connect.name":"shop.public.notes.Value"}],"default":null},
                  {"name":"after","type":["null","Value"],"default":null},
                  {"name":"source","type":{"type":"record","name":"Source",
                    "namespace":"io.debezium.connector.postgresql","fields":[
                     {"name":"table","type":"string"},{"name":"blob","type":"bytes"}]}},
                  {"name":"op","type":"string"}],
                 "connect.name":"shop.public.notes.Envelope"}
                """);
    Schema value = row.getField("after").schema().getTypes().get(1);
    Schema source = row.getField("source").schema();
    GenericData.Record from = record(source, "notes", ByteBuffer.wrap(new byte[] {(byte) 0xff, 0}));
    RecordShape shape =
        shape(Envelope.DEBEZIUM, "id", "id", "text", "body", "attributes.table", "$.source.table");

    Document document = read(shape, row, record(row, null, record(value, 5, "x"), from, "c"));
    Decoded deletion = decode(shape, row, record(row, record(value, 5, "x"), null, from, "d"));

    assertThat(document.id()).isEqualTo("5");
    assertThat(document.attributes()).isEqualTo(Map.of("table", "notes"));
    assertThat(deletion).isInstanceOf(Decoded.Deletion.class);
  }

  @Test
  void shouldReadATopLevelUnionByTheBranchThatWasWritten() {
    Schema document = document("{\"name\":\"text\",\"type\":\"string\"}");
    Schema order =
        new Schema.Parser()
            .parse(
                "{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"n\",\"type\":"
                    + "\"int\"}]}");
    Schema union = Schema.createUnion(Schema.create(Schema.Type.NULL), order, document);

    assertThat(read(RecordShape.DOCUMENT, union, record(document, "x")).text()).isEqualTo("x");
    assertThat(decode(RecordShape.DOCUMENT, union, record(order, 5)))
        .isInstanceOfSatisfying(
            Decoded.Invalid.class,
            invalid -> assertThat(invalid.message()).contains("its field text is missing"));
  }

  @Test
  void shouldSayWhenTheRegistryHasAnotherKindOfSchema() {
    byte[] framed = {0, 0, 0, 0, 9, '{', '"', 't', 'e', 'x', 't', '"', ':', '"', 'x', '"', '}'};
    SourceRecord record = new SourceRecord(AT, 1000, null, new RecordHeaders(), framed);
    Schema avro = document("{\"name\":\"text\",\"type\":\"string\"}");

    assertThat(new AvroDecoder(_ -> new SchemaLookup.OtherType("JSON")).decode(record))
        .isEqualTo(
            new Decoded.Invalid(
                RejectReason.UNDECODABLE,
                "the value is written with schema 9, which the registry says is JSON, and the"
                    + " input's format is avro: set the input's format to json"));
    assertThat(new AvroDecoder(_ -> new SchemaLookup.OtherType("PROTOBUF")).decode(record))
        .isInstanceOfSatisfying(
            Decoded.Invalid.class,
            no -> assertThat(no.message()).contains("schema 9").contains("Protobuf is not read"));
    assertThat(
            new JsonDecoder(RecordShape.DOCUMENT, _ -> new SchemaLookup.Found(avro)).decode(record))
        .isInstanceOfSatisfying(
            Decoded.Invalid.class,
            no -> assertThat(no.message()).contains("set the input's format to avro"));
    assertThat(
            new JsonDecoder(RecordShape.DOCUMENT, _ -> new SchemaLookup.OtherType("JSON"))
                .decode(record))
        .as("JSON Schema's framing")
        .isInstanceOfSatisfying(
            Decoded.Success.class, found -> assertThat(found.document().text()).isEqualTo("x"));
    assertThat(
            new JsonDecoder(RecordShape.DOCUMENT, _ -> new SchemaLookup.Unavailable("away"))
                .decode(record))
        .isInstanceOf(Decoded.Deferred.class);
    assertThat(new JsonDecoder().decode(record)).isInstanceOf(Decoded.Invalid.class);
  }

  @Test
  void shouldNotTakeAFramedKeyForText() {
    byte[] key = {0, 0, 0, 0, 1, 6, 'a', 'b', 'c'};
    byte[] value = "{\"text\":\"x\"}".getBytes(StandardCharsets.UTF_8);

    assertThat(
            new JsonDecoder().decode(new SourceRecord(AT, 1000, key, new RecordHeaders(), value)))
        .isInstanceOfSatisfying(
            Decoded.Success.class,
            found -> assertThat(found.document().id()).isEqualTo("docs-0-4"));
  }
}
