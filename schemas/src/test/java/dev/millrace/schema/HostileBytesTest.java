package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.millrace.schema.avro.Document;
import dev.millrace.schema.avro.EnrichedDocument;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes and schemas that mean harm, or are merely broken: an answer each, and no memory lost. */
class HostileBytesTest {

  private static final Schema DOCUMENT = SchemaCatalog.current().schema(SchemaRole.DOCUMENT);

  private final WireDeserializer<Document> documents = reading(DOCUMENT);

  private static WireDeserializer<Document> reading(Schema writer) {
    return new WireDeserializer<>(id -> new SchemaLookup.Found(writer), Document.class);
  }

  private static byte[] good() {
    return new WireSerializer<>(1, Document.class).serialize(Examples.document());
  }

  @Test
  void shouldRefuseEveryTruncation() {
    byte[] good = good();

    for (int length = 0; length < good.length; length++) {
      Decoding<Document> decoding =
          documents.decode(Arrays.copyOf(good, length), HeaderLookup.NONE);
      if (length < WireFormat.PREFIX_BYTES) {
        assertThat(decoding).as("%d bytes", length).isInstanceOf(Decoding.BadFraming.class);
      } else {
        assertThat(decoding).as("%d bytes", length).isInstanceOf(Decoding.Undecodable.class);
      }
    }
  }

  @Test
  void shouldRefuseBytesAfterTheEnd() {
    byte[] good = good();

    assertThat(documents.decode(Arrays.copyOf(good, good.length + 3), HeaderLookup.NONE))
        .isInstanceOfSatisfying(
            Decoding.Undecodable.class,
            no -> assertThat(no.message()).contains("3 bytes follow the end"));
  }

  @Test
  void shouldAnswerWhateverByteIsChanged() {
    byte[] good = good();
    long seed = 7;
    Random random = new Random(seed);

    for (int i = 0; i < 20_000; i++) {
      byte[] bad = good.clone();
      int changes = 1 + random.nextInt(3);
      for (int c = 0; c < changes; c++) {
        bad[5 + random.nextInt(bad.length - 5)] = (byte) random.nextInt();
      }
      try {
        assertThat(documents.decode(bad, HeaderLookup.NONE)).isNotNull();
      } catch (RuntimeException e) {
        fail("seed " + seed + ", round " + i, e);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 20, Integer.MAX_VALUE, 1L << 33, Long.MAX_VALUE, -1, Long.MIN_VALUE})
  void shouldNotAllocateADeclaredLength(long length) {
    byte[] bytes = encoded(encoder -> encoder.writeLong(length));

    assertAllocatesLittle(() ->
        assertThat(documents.decode(bytes, HeaderLookup.NONE))
            .isInstanceOf(Decoding.Undecodable.class));
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 20, Integer.MAX_VALUE, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE})
  void shouldNotAllocateADeclaredNumberOfItems(long items) {
    byte[] bytes =
        encoded(encoder -> {
          encoder.writeString("id");
          encoder.writeString("text");
          for (int i = 0; i < 4; i++) {
            encoder.writeIndex(0);
          }
          encoder.writeLong(items);
          if (items < 0) {
            encoder.writeLong(1);
          }
        });

    assertAllocatesLittle(() ->
        assertThat(documents.decode(bytes, HeaderLookup.NONE))
            .isInstanceOf(Decoding.Undecodable.class));
  }

  /** Nulls take no bytes: two bytes can declare a million of them, again and again. */
  @Test
  void shouldLimitItemsThatTakeNoBytes() {
    Schema writer = withField("{\"type\":\"array\",\"items\":\"null\"}");
    byte[] bytes =
        encoded(encoder -> {
          encoder.writeString("id");
          encoder.writeString("text");
          for (int i = 0; i < 10_000; i++) {
            encoder.writeLong(60_000);
          }
          encoder.writeLong(0);
        });

    assertAllocatesLittle(() ->
        assertThat(reading(writer).decode(bytes, HeaderLookup.NONE))
            .isInstanceOf(Decoding.Undecodable.class));
  }

  @Test
  void shouldReadDeeplyNestedDataOfARecursiveSchema() {
    Schema writer =
        withField(
            """
            ["null",{"type":"record","name":"Node","fields":[
              {"name":"next","type":["null","Node"]}]}]\
            """);
    int depth = 1_000_000;
    byte[] bytes =
        encoded(encoder -> {
          encoder.writeString("id");
          encoder.writeString("text");
          for (int i = 0; i < depth; i++) {
            encoder.writeIndex(1);
          }
          encoder.writeIndex(0);
        });

    assertThat(reading(writer).decode(bytes, HeaderLookup.NONE))
        .isInstanceOfAny(Decoding.Value.class, Decoding.Undecodable.class);
  }

  @Test
  void shouldReadWithASchemaOfTenThousandFields() {
    String fields =
        IntStream.range(0, 10_000)
            .mapToObj(i -> String.format(Locale.ROOT, "{\"name\":\"f%d\",\"type\":\"int\"}", i))
            .collect(Collectors.joining(","));
    Schema writer =
        parse(
            """
            {"type":"record","name":"Document","namespace":"dev.millrace.schema.avro","fields":[
              {"name":"id","type":"string"},{"name":"text","type":"string"},%s]}\
            """
                .formatted(fields));
    GenericRecord record = new GenericData.Record(writer);
    record.put("id", "d");
    record.put("text", "t");
    IntStream.range(0, 10_000).forEach(i -> record.put("f" + i, i));

    assertThat(
            SchemaEvolutionTest.value(SchemaEvolutionTest.decode(record, Document.class)).getId())
        .isEqualTo("d");
  }

  /** The writer's schema names a class of the JDK, which must not be loaded. */
  @Test
  void shouldNotLoadClassesThatASchemaNames() {
    Schema writer =
        withField(
            """
            {"type":"record","name":"ProcessBuilder","namespace":"java.lang","fields":[
              {"name":"x","type":{"type":"string","java-class":"java.net.URL"}}]}\
            """);
    byte[] bytes =
        encoded(encoder -> {
          encoder.writeString("id");
          encoder.writeString("text");
          encoder.writeString("x");
        });

    assertThat(SchemaEvolutionTest.value(reading(writer).decode(bytes, HeaderLookup.NONE)).getId())
        .isEqualTo("id");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ff", "c328", "eda080", "f8a1a1a1a1", "c0af", "e282"})
  void shouldNotRepairTextThatIsNotUtf8(String hex) {
    byte[] text = HexFormat.of().parseHex(hex);
    Schema writer =
        parse(
            """
            {"type":"record","name":"Document","namespace":"dev.millrace.schema.avro","fields":[
              {"name":"id","type":"string"},{"name":"text","type":"string"}]}\
            """);
    byte[] bytes =
        encoded(encoder -> {
          encoder.writeString("id");
          encoder.writeBytes(text);
        });

    assertThat(reading(writer).decode(bytes, HeaderLookup.NONE))
        .isInstanceOfSatisfying(
            Decoding.InvalidText.class,
            no -> assertThat(no.message()).contains("schema 0").contains("not UTF-8"));
  }

  @Test
  void shouldNotQuoteTheDocument() {
    byte[] bytes = good();
    bytes[bytes.length - 1] = (byte) 0xff;

    String text = documents.decode(bytes, HeaderLookup.NONE).toString();

    assertThat(text).doesNotContain("Boxk").contains("schema 1");
  }

  @Test
  void shouldRefuseAnEnumSymbolOutOfRange() {
    EnrichedDocument example = Examples.enriched();
    byte[] bytes = new WireSerializer<>(1, EnrichedDocument.class).serialize(example);
    WireDeserializer<EnrichedDocument> reader =
        new WireDeserializer<>(
            id ->
                new SchemaLookup.Found(
                    SchemaCatalog.current().schema(SchemaRole.ENRICHED_DOCUMENT)),
            EnrichedDocument.class);
    int answered = 0;
    for (int i = WireFormat.PREFIX_BYTES; i < bytes.length; i++) {
      for (int value : new int[] {0x7e, 0x7f, 0xff}) {
        byte[] bad = bytes.clone();
        bad[i] = (byte) value;
        assertThat(reader.decode(bad, HeaderLookup.NONE)).isNotNull();
        answered++;
      }
    }
    assertThat(answered).isEqualTo(3 * (bytes.length - WireFormat.PREFIX_BYTES));
  }

  @Test
  void shouldPassOnWhatTheSourceSays() {
    assertThat(decodeWith(new SchemaLookup.Unknown("u")))
        .isEqualTo(new Decoding.UnknownSchema<>("u"));
    assertThat(decodeWith(new SchemaLookup.Unavailable("a")))
        .isEqualTo(new Decoding.Unavailable<>("a"));
    assertThat(decodeWith(new SchemaLookup.Unusable("x")))
        .isEqualTo(new Decoding.Undecodable<>("x"));
  }

  private static Decoding<Document> decodeWith(SchemaLookup answer) {
    return new WireDeserializer<>(id -> answer, Document.class).decode(good(), HeaderLookup.NONE);
  }

  /** A document whose producer added a field of this type at the end. */
  private static Schema withField(String type) {
    return parse(
        """
        {"type":"record","name":"Document","namespace":"dev.millrace.schema.avro","fields":[
          {"name":"id","type":"string"},{"name":"text","type":"string"},
          {"name":"extra","type":%s}]}\
        """
            .formatted(type));
  }

  private static Schema parse(String json) {
    return new Schema.Parser().parse(json);
  }

  private interface Writing {
    void write(BinaryEncoder encoder) throws IOException;
  }

  private static byte[] encoded(Writing writing) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes(ByteBuffer.allocate(5).array());
      BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
      writing.write(encoder);
      encoder.flush();
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void assertAllocatesLittle(Runnable action) {
    action.run();
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    action.run();
    assertThat(threads.getCurrentThreadAllocatedBytes() - before)
        .as("bytes allocated")
        .isLessThan(4 << 20);
  }
}
