package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.schema.avro.Document;
import dev.millrace.schema.avro.EnrichedDocument;
import dev.millrace.schema.avro.LanguageBasis;
import dev.millrace.schema.avro.SafetyVerdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaValidationException;
import org.apache.avro.SchemaValidatorBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What may change in a schema, and what may not. */
class SchemaEvolutionTest {

  @ParameterizedTest
  @EnumSource(SchemaRole.class)
  void shouldReadAllEarlierVersions(SchemaRole role) {
    List<Schema> versions = Golden.of(role).stream().map(Golden::schema).toList();

    for (int newer = 0; newer < versions.size(); newer++) {
      List<Schema> earlier = new ArrayList<>(versions.subList(0, newer + 1)).reversed();
      Schema schema = versions.get(newer);
      assertThatCode(() ->
              new SchemaValidatorBuilder()
                  .canReadStrategy()
                  .validateAll()
                  .validate(schema, earlier))
          .as("BACKWARD_TRANSITIVE: %s v%d reads all before it", role, newer + 1)
          .doesNotThrowAnyException();
    }
  }

  /** A check that never says no proves nothing. */
  @Test
  void shouldSeeAnIncompatibleChange() {
    Schema v1 = SchemaCatalog.current().schema(SchemaRole.DOCUMENT);
    Schema bad = withField(v1, "{\"name\":\"must\",\"type\":\"long\"}");

    assertThatThrownBy(() ->
            new SchemaValidatorBuilder().canReadStrategy().validateAll().validate(bad, List.of(v1)))
        .isInstanceOf(SchemaValidationException.class);
    assertThat(Incompatibilities.between(bad, v1))
        .singleElement()
        .asString()
        .contains("READER_FIELD_MISSING_DEFAULT_VALUE")
        .contains("must");
    assertThat(Incompatibilities.between(v1, bad)).isEmpty();
  }

  @Test
  void shouldIgnoreAFieldThatANewerProducerAdds() {
    Schema writer =
        withField(
            SchemaCatalog.current().schema(SchemaRole.DOCUMENT),
            """
            {"name":"extra","type":{"type":"array","items":{"type":"map","values":"bytes"}}}\
            """);
    GenericRecord record = document(writer);
    record.put("extra", List.of(Map.of("k", ByteBuffer.allocate(3))));

    Document read = value(decode(record, Document.class));

    assertThat(read.getId()).isEqualTo("d");
    assertThat(read.getText()).isEqualTo("t");
  }

  @Test
  void shouldFillFieldsThatAnOlderProducerDoesNotKnow() {
    Schema writer =
        parse(
            """
            {"type":"record","name":"Document","namespace":"dev.millrace.schema.avro","fields":[
              {"name":"text","type":"string"},
              {"name":"id","type":"string"}]}\
            """);

    Document read = value(decode(document(writer), Document.class));

    assertThat(read.getId()).isEqualTo("d");
    assertThat(read.getLanguage()).isNull();
    assertThat(read.getAttributes()).isEmpty();
    assertThat(read.getImages()).isEmpty();
    assertThat(read.getCreatedAt()).isNull();
  }

  @Test
  void shouldRefuseAProducerThatLacksARequiredField() {
    Schema writer =
        parse(
            """
            {"type":"record","name":"Document","namespace":"dev.millrace.schema.avro","fields":[
              {"name":"id","type":"string"}]}\
            """);
    GenericRecord record = new GenericRecordBuilder(writer).set("id", "d").build();

    assertThat(decode(record, Document.class))
        .isInstanceOfSatisfying(
            Decoding.Undecodable.class,
            no ->
                assertThat(no.message())
                    .contains("READER_FIELD_MISSING_DEFAULT_VALUE")
                    .contains("Document"));
  }

  @Test
  void shouldRefuseAnotherRecordWithTheSameFields() {
    Schema writer =
        parse(
            """
            {"type":"record","name":"Invoice","namespace":"x","fields":[
              {"name":"id","type":"int"},{"name":"text","type":"string"}]}\
            """);
    GenericRecord record = new GenericRecordBuilder(writer).set("id", 1).set("text", "t").build();

    assertThat(decode(record, Document.class)).isInstanceOf(Decoding.Undecodable.class);
  }

  @Test
  void shouldReadAPlainStringWhereOursMayBeNull() {
    Schema writer =
        parse(
            """
            {"type":"record","name":"Document","namespace":"dev.millrace.schema.avro","fields":[
              {"name":"id","type":"string"},
              {"name":"text","type":"string"},
              {"name":"language","type":"string"},
              {"name":"title","type":["string","null"]},
              {"name":"createdAt","type":{"type":"long","logicalType":"timestamp-millis"}}]}\
            """);
    GenericRecord record = document(writer);
    record.put("language", "en");
    record.put("title", "T");
    record.put("createdAt", 1_000L);

    Document read = value(decode(record, Document.class));

    assertThat(read.getLanguage()).isEqualTo("en");
    assertThat(read.getTitle()).isEqualTo("T");
    assertThat(read.getCreatedAt()).hasToString("1970-01-01T00:00:01Z");
  }

  @Test
  void shouldReadBytesWrittenWhereOursIsAString() {
    Schema writer =
        parse(
            """
            {"type":"record","name":"Document","namespace":"dev.millrace.schema.avro","fields":[
              {"name":"id","type":"string"},{"name":"text","type":"bytes"}]}\
            """);
    GenericRecord record =
        new GenericRecordBuilder(writer)
            .set("id", "d")
            .set("text", ByteBuffer.wrap(new byte[] {'h', 'i'}))
            .build();

    assertThat(value(decode(record, Document.class)).getText()).isEqualTo("hi");
  }

  @Test
  void shouldMapAVerdictOfTheFutureToUnknown() {
    Schema current = SchemaCatalog.current().schema(SchemaRole.ENRICHED_DOCUMENT);
    Schema writer = parse(current.toString().replace("\"UNSAFE\"]", "\"UNSAFE\",\"DISPUTED\"]"));
    assertThat(writer).isNotEqualTo(current);
    GenericRecord record = generic(writer, Examples.enriched());
    GenericRecord safety = (GenericRecord) record.get("safety");
    safety.put(
        "verdict",
        new GenericData.EnumSymbol(safety.getSchema().getField("verdict").schema(), "DISPUTED"));

    EnrichedDocument read = value(decode(record, EnrichedDocument.class));

    assertThat(read.getSafety().getVerdict()).isEqualTo(SafetyVerdict.UNKNOWN);
  }

  @Test
  void shouldMapALanguagesBasisOfTheFutureToUnknown() {
    Schema current = SchemaCatalog.current().schema(SchemaRole.ENRICHED_DOCUMENT);
    Schema writer = parse(current.toString().replace("\"DETECTED\"]", "\"DETECTED\",\"VOTED\"]"));
    assertThat(writer).isNotEqualTo(current);
    GenericRecord record = generic(writer, Examples.enriched());
    GenericRecord language = (GenericRecord) record.get("language");
    language.put(
        "basis",
        new GenericData.EnumSymbol(language.getSchema().getField("basis").schema(), "VOTED"));

    EnrichedDocument read = value(decode(record, EnrichedDocument.class));

    assertThat(read.getLanguage().getBasis()).isEqualTo(LanguageBasis.UNKNOWN);
    assertThat(read.getLanguage().getUsed()).isEqualTo("de");
  }

  @Test
  void shouldLetAFieldBeRenamedThroughAnAlias() {
    Schema v1 = SchemaCatalog.current().schema(SchemaRole.DOCUMENT);
    Schema renamed =
        parse(
            v1.toString()
                .replace("\"name\":\"tenant\"", "\"name\":\"owner\",\"aliases\":[\"tenant\"]"));

    assertThat(Incompatibilities.between(renamed, v1)).isEmpty();
    assertThat(renamed.getField("owner")).isNotNull();
  }

  private static GenericRecord generic(Schema schema, EnrichedDocument from) {
    byte[] framed = new WireSerializer<>(1, EnrichedDocument.class).serialize(from);
    try {
      return new GenericDatumReader<GenericRecord>(from.getSchema(), schema)
          .read(null, new BoundedDecoder(framed, WireFormat.PREFIX_BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static GenericRecord document(Schema schema) {
    GenericRecord record = new GenericData.Record(schema);
    for (Schema.Field field : schema.getFields()) {
      if (field.hasDefaultValue()) {
        record.put(field.name(), GenericData.get().getDefaultValue(field));
      }
    }
    record.put("id", "d");
    record.put("text", "t");
    return record;
  }

  static <T extends SpecificRecord> Decoding<T> decode(GenericRecord record, Class<T> type) {
    return new WireDeserializer<>(id -> new SchemaLookup.Found(record.getSchema()), type)
        .decode(framed(record), HeaderLookup.NONE);
  }

  static byte[] framed(GenericRecord record) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes(WireFormat.prefix(1));
      BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
      new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, encoder);
      encoder.flush();
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static <T> T value(Decoding<T> decoding) {
    assertThat(decoding).isInstanceOf(Decoding.Value.class);
    return ((Decoding.Value<T>) decoding).value();
  }

  private static Schema withField(Schema record, String field) {
    String json = record.toString();
    return parse(json.substring(0, json.lastIndexOf("]")) + "," + field + "]}");
  }

  private static Schema parse(String json) {
    return new Schema.Parser().parse(json);
  }
}
