package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class GoldenBytesTest {

  static List<Golden> all() {
    return Golden.all();
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldReadWhatEveryVersionWrote(Golden golden) {
    assertThat(decode(golden, Examples.type(golden.role()))).isInstanceOf(Decoding.Value.class);
    if (golden.version() == golden.role().version()) {
      assertThat(decode(golden, Examples.type(golden.role())))
          .isEqualTo(new Decoding.Value<>(Examples.of(golden.role())));
    }
  }

  private static <T extends SpecificRecord> Decoding<T> decode(Golden golden, Class<T> type) {
    byte[] framed = new byte[WireFormat.PREFIX_BYTES + golden.bytes().length];
    System.arraycopy(golden.bytes(), 0, framed, WireFormat.PREFIX_BYTES, golden.bytes().length);
    return new WireDeserializer<>(id -> new SchemaLookup.Found(golden.schema()), type)
        .decode(framed, HeaderLookup.NONE);
  }

  @ParameterizedTest
  @EnumSource(SchemaRole.class)
  void shouldStillWriteTheSameBytes(SchemaRole role) {
    Golden newest = Golden.of(role).getLast();

    byte[] framed = write(Examples.of(role));

    assertThat(HexFormat.of().formatHex(framed)).startsWith("0000000007");
    assertThat(lines(framed))
        .as("bytes of %s", role)
        .isEqualTo(HexFormat.of().formatHex(newest.bytes()));
  }

  private static String lines(byte[] framed) {
    return HexFormat.of().formatHex(framed, WireFormat.PREFIX_BYTES, framed.length);
  }

  @SuppressWarnings("unchecked")
  private static byte[] write(SpecificRecord example) {
    return new WireSerializer<>(7, (Class<SpecificRecord>) example.getClass()).serialize(example);
  }

  @ParameterizedTest
  @EnumSource(SchemaRole.class)
  void shouldAddAVersionForEveryChange(SchemaRole role) {
    assertThat(SchemaCatalog.current().schema(role).toString())
        .as("%s differs from its newest golden version: add v%d", role, role.version() + 1)
        .isEqualTo(Golden.of(role).getLast().schema().toString());
  }

  @ParameterizedTest
  @EnumSource(SchemaRole.class)
  void shouldGenerateTheClassFromTheCataloguesSchema(SchemaRole role) {
    Schema generated = Examples.of(role).getSchema();

    assertThat(SchemaCatalog.fingerprint(generated))
        .isEqualTo(SchemaCatalog.current().entry(role).fingerprint())
        .hasSize(64);
    assertThat(SchemaCatalog.current().entry(role).version()).isEqualTo(role.version());
  }

  @ParameterizedTest
  @EnumSource(SchemaRole.class)
  void shouldDocumentEveryField(SchemaRole role) {
    assertThat(undocumented(SchemaCatalog.current().schema(role), "")).isEmpty();
  }

  private static List<String> undocumented(Schema schema, String path) {
    return switch (schema.getType()) {
      case RECORD ->
          Stream.concat(
                  schema.getDoc() == null ? Stream.of(schema.getName()) : Stream.empty(),
                  schema.getFields().stream()
                      .flatMap(field -> {
                        String name = path + "/" + field.name();
                        List<String> below = undocumented(field.schema(), name);
                        return field.doc() == null
                            ? Stream.concat(Stream.of(name), below.stream())
                            : below.stream();
                      }))
              .toList();
      case ARRAY -> undocumented(schema.getElementType(), path);
      case MAP -> undocumented(schema.getValueType(), path);
      case UNION ->
          schema.getTypes().stream().flatMap(s -> undocumented(s, path).stream()).toList();
      default -> List.of();
    };
  }

  @Test
  void shouldNameSubjectsAfterTheirTopic() {
    assertThat(SchemaCatalog.subject("enriched-documents")).isEqualTo("enriched-documents-value");
    assertThat(SchemaRole.DEAD_LETTER.fileName())
        .isEqualTo(SchemaRole.DEAD_LETTER.name().toLowerCase(Locale.ROOT).replace('_', '-'));
  }
}
