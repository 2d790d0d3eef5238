package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;

class TreeDeserializerTest {
  /** Mutations of bytes, and as many of schemas. */
  private static final int MUTATIONS = Boolean.getBoolean("millrace.full") ? 50_000 : 10_000;

  private static final String ORDER =
      """
      {"type":"record","name":"Order","fields":[
        {"name":"id","type":{"type":"string","logicalType":"uuid"}},
        {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["new","old"]}},
        {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
        {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}]},
        {"name":"day","type":{"type":"int","logicalType":"date"}},
        {"name":"time","type":{"type":"int","logicalType":"time-millis"}},
        {"name":"mac","type":{"type":"fixed","name":"Mac","size":6}},
        {"name":"flags","type":{"type":"array","items":"boolean"}},
        {"name":"sizes","type":{"type":"map","values":["null","float","double"]}},
        {"name":"next","type":["null","Order"]}]}
      """;

  private static Schema schema(String json) {
    return new Schema.Parser().parse(json);
  }

  private static byte[] bytes(Schema schema, Object value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(ByteBuffer.allocate(5).putInt(1, 7).array());
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
    try {
      new GenericDatumWriter<>(schema).write(value, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("an array in memory cannot fail", e);
    }
    return out.toByteArray();
  }

  private static Decoding<TreeDeserializer.Tree> decode(
      Schema schema, Selection wanted, byte[] value) {
    return new TreeDeserializer(_ -> new SchemaLookup.Found(schema), wanted)
        .decode(value, HeaderLookup.NONE);
  }

  private static Object root(Schema schema, Selection wanted, byte[] value) {
    Decoding<TreeDeserializer.Tree> decoding = decode(schema, wanted, value);
    assertThat(decoding).isInstanceOf(Decoding.Value.class);
    return String.valueOf(((Decoding.Value<TreeDeserializer.Tree>) decoding).value().root());
  }

  private static GenericData.Record order(Schema schema, boolean last) {
    GenericData.Record order = new GenericData.Record(schema);
    order.put("id", "7c9e6679-7425-40de-944b-e07fc1f90ae7");
    order.put("kind", new GenericData.EnumSymbol(schema.getField("kind").schema(), "old"));
    order.put("price", ByteBuffer.wrap(new BigDecimal("12.46").unscaledValue().toByteArray()));
    order.put("at", 1_769_860_800_000_001L);
    order.put("day", 20_484);
    order.put("time", 45_000_000);
    order.put(
        "mac",
        new GenericData.Fixed(
            schema.getField("mac").schema(), new byte[] {(byte) 0xff, 2, 3, 4, 5, 6}));
    order.put("flags", List.of(true, false));
    order.put("sizes", Map.of("a", 1.5f));
    order.put("next", last ? null : order(schema, true));
    return order;
  }

  private static byte[] order() {
    Schema schema = schema(ORDER);
    return bytes(schema, order(schema, false));
  }

  @Test
  void shouldReadValuesAsTheirSchemaMeansThem() {
    Selection wanted =
        Selection.of(
            List.of(
                List.of("id"),
                List.of("kind"),
                List.of("price"),
                List.of("at"),
                List.of("day"),
                List.of("time"),
                List.of("flags"),
                List.of("sizes"),
                List.of("next", "day")));

    assertThat(root(schema(ORDER), wanted, order()))
        .isEqualTo(
            "{id=7c9e6679-7425-40de-944b-e07fc1f90ae7, kind=old, price=12.46,"
                + " at=2026-01-31T12:00:00.000001Z, day=2026-01-31, time=12:30,"
                + " flags=[true, false], sizes={a=1.5}, next={day=2026-01-31}}");
    assertThat(decode(schema(ORDER), Selection.ALL, order())).isInstanceOf(Decoding.Value.class);
    assertThat(root(schema(ORDER), Selection.of(List.of()), order())).isEqualTo("{}");
  }

  @Test
  void shouldSkipATextThatIsNotWantedWhateverItHolds() {
    Schema schema =
        schema(
            "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"string\"},"
                + "{\"name\":\"b\",\"type\":\"string\"}]}");
    byte[] value = {0, 0, 0, 0, 7, 2, (byte) 0xff, 2, 'x'};

    assertThat(root(schema, Selection.of(List.of(List.of("b"))), value)).isEqualTo("{b=x}");
    assertThat(decode(schema, Selection.ALL, value)).isInstanceOf(Decoding.InvalidText.class);
  }

  /** Each of them describes more than memory holds, in a few bytes. */
  @Test
  void shouldNotBelieveASchemaThatDescribesMoreThanItsBytesHold() {
    String field = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":%s}]}";
    String nulls = "{\"type\":\"record\",\"name\":\"N0\",\"fields\":[]}";
    for (int i = 1; i <= 40; i++) {
      nulls =
          ("{'type':'record','name':'N" + i + "','fields':[{'name':'a','type':").replace('\'', '"')
              + nulls
              + ("},{'name':'b','type':'N" + (i - 1) + "'}]}").replace('\'', '"');
    }
    byte[] few = {0, 0, 0, 0, 7, 0};

    for (Selection wanted : List.of(Selection.ALL, Selection.of(List.of(List.of("x"))))) {
      assertThat(decode(schema(nulls), wanted, few))
          .isInstanceOfSatisfying(
              Decoding.Undecodable.class,
              no -> assertThat(no.message()).contains("more values than its bytes can hold"));
      assertThat(
              decode(
                  schema(
                      field.replace(
                          "%s", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":2000000000}")),
                  wanted,
                  few))
          .isInstanceOf(Decoding.Undecodable.class);
      assertThat(decode(schema(field.replace("%s", "\"R\"")), wanted, few))
          .isInstanceOfSatisfying(
              Decoding.Undecodable.class,
              no -> assertThat(no.message()).contains("nested deeper than 500 levels"));
    }
    assertThat(
            decode(
                schema(field.replace("%s", "{\"type\":\"array\",\"items\":\"null\"}")),
                Selection.ALL,
                new byte[] {0, 0, 0, 0, 7, -2, -1, -1, -1, 15, 0}))
        .isInstanceOf(Decoding.Undecodable.class);
  }

  @Test
  void shouldNameTheSchemaAndNotTheContent() {
    byte[] value = order();

    assertThat(decode(schema(ORDER), Selection.ALL, Arrays.copyOf(value, value.length - 9)))
        .isInstanceOfSatisfying(
            Decoding.Undecodable.class,
            no -> assertThat(no.message()).contains("schema 7 (Order)").doesNotContain("7c9e"));
    assertThat(decode(schema(ORDER), Selection.ALL, Arrays.copyOf(value, value.length + 1)))
        .isInstanceOfSatisfying(
            Decoding.Undecodable.class,
            no -> assertThat(no.message()).contains("1 bytes follow the end"));
  }

  @Test
  void shouldAnswerWithAValueWhateverTheBytesAre() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    Schema schema = schema(ORDER);
    byte[] good = order();
    int read = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] bad = mutated(random, good);
      Decoding<TreeDeserializer.Tree> decoding =
          decode(schema, random.nextBoolean() ? Selection.ALL : Selection.of(List.of()), bad);

      assertThat(decoding).as("seed %d, mutation %d", seed, i).isNotNull();
      read += decoding instanceof Decoding.Value ? 1 : 0;
    }
    assertThat(read).as("seed %d: not all are broken, nor all whole", seed).isBetween(1, MUTATIONS);
  }

  @Test
  void shouldAnswerWithAValueWhateverTheSchemaIs() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    byte[] good = order();
    int parsed = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      SchemaLookup lookup = lookup(text(random));
      Decoding<TreeDeserializer.Tree> decoding =
          new TreeDeserializer(_ -> lookup, Selection.ALL)
              .decode(mutated(random, good), HeaderLookup.NONE);

      assertThat(decoding).as("seed %d, mutation %d", seed, i).isNotNull();
      parsed += lookup instanceof SchemaLookup.Found ? 1 : 0;
    }
    assertThat(parsed).as("seed %d: some are schemas", seed).isGreaterThan(MUTATIONS / 100);
  }

  /** As the client of a registry looks a schema up. */
  private static SchemaLookup lookup(String text) {
    RegistryApi api =
        (RegistryApi)
            java.lang.reflect.Proxy.newProxyInstance(
                RegistryApi.class.getClassLoader(),
                new Class<?>[] {RegistryApi.class},
                (_, method, _) ->
                    method.getName().equals("schema")
                        ? new RegistryApi.Stored(References.AVRO, text)
                        : null);
    RegistrySettings settings = RegistrySettings.of(List.of("http://registry"));
    Retry retry = new Retry(settings.patience(), () -> 1, _ -> {}, new Random(1));
    try (RegistryClient client = new RegistryClient(api, settings, retry, () -> 1)) {
      return client.lookup(new SchemaId.Numbered(7));
    }
  }

  private static final List<String> PARTS =
      List.of(
          "\"string\"",
          "\"bytes\"",
          "\"null\"",
          "\"long\"",
          "\"Order\"",
          "\"Kind\"",
          "\"x\"",
          "{}",
          "[]",
          "[\"null\"]",
          "[\"null\",\"null\"]",
          "-1",
          "1e9",
          "2147483647",
          "null",
          "\"fixed\"",
          "\"timestamp-nanos\"",
          "\"decimal\"",
          "{\"type\":\"array\",\"items\":\"Order\"}");

  /** A schema in which a value, or a stretch of letters, is another. */
  private static String text(Random random) {
    StringBuilder text = new StringBuilder(ORDER);
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(text.length());
      switch (random.nextInt(4)) {
        case 0 -> text.setCharAt(at, (char) (32 + random.nextInt(95)));
        case 1 -> text.delete(at, Math.min(text.length(), at + random.nextInt(12)));
        default -> {
          int start = text.indexOf("\"", at);
          int end = start < 0 ? -1 : text.indexOf("\"", start + 1);
          if (end > 0) {
            text.replace(start, end + 1, PARTS.get(random.nextInt(PARTS.size())));
          }
        }
      }
    }
    return text.toString();
  }

  private static byte[] mutated(Random random, byte[] good) {
    byte[] bad = good.clone();
    int changes = random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int at = WireFormat.PREFIX_BYTES + random.nextInt(bad.length - WireFormat.PREFIX_BYTES);
      bad[at] = (byte) (random.nextBoolean() ? random.nextInt() : bad[at] + 1);
    }
    return random.nextInt(8) == 0
        ? Arrays.copyOf(bad, WireFormat.PREFIX_BYTES + random.nextInt(bad.length))
        : bad;
  }
}
