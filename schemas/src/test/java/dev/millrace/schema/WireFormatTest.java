package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WireFormatTest {

  private static final byte[] PAYLOAD = {42};

  @Test
  void shouldFindTheIdBeforeTheEncoding() {
    byte[] bytes = HexFormat.of().parseHex("00010203042a");

    assertThat(WireFormat.parse(WireFormat.Part.VALUE, bytes, HeaderLookup.NONE))
        .isEqualTo(new WireFormat.Framed.Message(new SchemaId.Numbered(0x01020304), bytes, 5));
  }

  @Test
  void shouldWriteWhatItReads() {
    assertThat(HexFormat.of().formatHex(WireFormat.prefix(0x7fffffff))).isEqualTo("007fffffff");
    assertThat(HexFormat.of().formatHex(WireFormat.prefix(1))).isEqualTo("0000000001");
  }

  @Test
  void shouldFindTheIdInAHeader() {
    HeaderLookup headers = headers("__value_schema_id", "0000000009");

    assertThat(WireFormat.parse(WireFormat.Part.VALUE, PAYLOAD, headers))
        .isEqualTo(new WireFormat.Framed.Message(new SchemaId.Numbered(9), PAYLOAD, 0));
  }

  @Test
  void shouldFindAGuidInAHeader() {
    UUID guid = UUID.fromString("89791762-2336-4186-9674-299b90a802e2");
    HeaderLookup headers = headers("__value_schema_id", "0189791762233641869674299b90a802e2");

    assertThat(WireFormat.parse(WireFormat.Part.VALUE, PAYLOAD, headers))
        .isEqualTo(new WireFormat.Framed.Message(new SchemaId.Guid(guid), PAYLOAD, 0));
  }

  @Test
  void shouldTellKeyFromValue() {
    HeaderLookup headers = headers("__key_schema_id", "0000000009");

    assertThat(WireFormat.parse(WireFormat.Part.KEY, PAYLOAD, headers))
        .isEqualTo(new WireFormat.Framed.Message(new SchemaId.Numbered(9), PAYLOAD, 0));
    assertThat(WireFormat.parse(WireFormat.Part.VALUE, PAYLOAD, headers))
        .isInstanceOf(WireFormat.Framed.Bad.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "00", "00010203", "0001", "01000000012a", "7b226964", "ff00000001"})
  void shouldRefuseOtherBeginnings(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);

    assertThat(WireFormat.parse(WireFormat.Part.VALUE, bytes, HeaderLookup.NONE))
        .isInstanceOfSatisfying(
            WireFormat.Framed.Bad.class,
            bad ->
                assertThat(bad.message())
                    .containsAnyOf(bytes.length + " bytes are too few", "first byte is 0x"));
  }

  @ParameterizedTest
  @CsvSource({
    "'', has 0 bytes",
    "00, has 1 bytes beginning with 0x00",
    "0100000001, has 5 bytes beginning with 0x01",
    "0089791762233641869674299b90a802e2, has 17 bytes beginning with 0x00",
    "000000000000, has 6 bytes",
  })
  void shouldRefuseOtherHeaders(String hex, String message) {
    HeaderLookup headers = headers("__value_schema_id", hex);

    assertThat(WireFormat.parse(WireFormat.Part.VALUE, PAYLOAD, headers))
        .isInstanceOfSatisfying(
            WireFormat.Framed.Bad.class,
            bad -> assertThat(bad.message()).contains("__value_schema_id").contains(message));
  }

  @Test
  void shouldRefuseATombstone() {
    assertThat(WireFormat.parse(WireFormat.Part.VALUE, null, HeaderLookup.NONE))
        .isEqualTo(new WireFormat.Framed.Bad("there are no bytes"));
  }

  private static HeaderLookup headers(String name, String hex) {
    Map<String, byte[]> all = Map.of(name, HexFormat.of().parseHex(hex));
    return all::get;
  }
}
