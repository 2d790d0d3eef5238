package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class JsonDocumentsTest {
  private static final Instant DEFAULT = Instant.ofEpochMilli(77);

  private static Document read(String json) {
    return JsonDocuments.document(JsonDocuments.parse(json), "default", DEFAULT);
  }

  private static void assertFault(String json, RejectReason reason, String part) {
    assertThatExceptionOfType(DocumentException.class)
        .isThrownBy(() -> read(json))
        .withMessageContaining(part)
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("SECRET"));
  }

  @Test
  void shouldPassOverAByteOrderMark() {
    assertThat(read("\ufeff{\"text\":\"a\"}").text()).isEqualTo("a");
    assertFault("\ufeff\ufeff{\"text\":\"a\"}", RejectReason.UNDECODABLE, "column 1");
  }

  @Test
  void shouldTakeAWholeNumberForAnIdByItsDigits() {
    assertThat(read("{\"id\":7,\"text\":\"a\"}").id()).isEqualTo("7");
    assertThat(read("{\"id\":12345678901234567891,\"text\":\"a\"}").id())
        .isEqualTo("12345678901234567891");
    assertFault("{\"id\":1e2,\"text\":\"a\"}", RejectReason.INVALID_DOCUMENT, "found number");
    assertFault("{\"id\":1.5,\"text\":\"a\"}", RejectReason.INVALID_DOCUMENT, "found number");
    assertFault("{\"id\":true,\"text\":\"a\"}", RejectReason.INVALID_DOCUMENT, "found boolean");
    assertThat(read("{\"id\":null,\"text\":\"a\"}").id()).isEqualTo("default");
  }

  @Test
  void shouldReadTimesThatFit() {
    assertThat(read("{\"text\":\"a\"}").createdAt()).isEqualTo(DEFAULT);
    assertThat(read("{\"text\":\"a\",\"createdAt\":5}").createdAt())
        .isEqualTo(Instant.ofEpochMilli(5));
    assertThat(read("{\"text\":\"a\",\"createdAt\":9223372036854775807}").createdAt())
        .isEqualTo(Instant.ofEpochMilli(Long.MAX_VALUE));
    assertFault(
        "{\"text\":\"a\",\"createdAt\":9223372036854775808}",
        RejectReason.INVALID_DOCUMENT,
        "createdAt: expected ISO 8601");
    assertFault(
        "{\"text\":\"a\",\"createdAt\":\"-1000000000-01-01T00:00:00Z\"}",
        RejectReason.INVALID_DOCUMENT,
        "out of range");
    assertFault(
        "{\"text\":\"a\",\"createdAt\":\"+1000000001-01-01T00:00:00Z\"}",
        RejectReason.INVALID_DOCUMENT,
        "createdAt: expected ISO 8601");
  }

  @Test
  void shouldCallLimitsByTheirNameAndTakeLongTexts() {
    assertThat(read("{\"text\":\"" + "x".repeat(20_000_001) + "\"}").text()).hasSize(20_000_001);
    assertThat(read("{\"text\":\"a\",\"" + "n".repeat(60_000) + "\":1}").text()).isEqualTo("a");
    assertFault(
        "{\"text\":\"a\",\"b\":" + "[".repeat(1001) + "]".repeat(1001) + "}",
        RejectReason.UNDECODABLE,
        "nested deeper than 1,000 levels");
    assertFault(
        "{\"text\":\"a\",\"b\":" + "1".repeat(1001) + "}",
        RejectReason.UNDECODABLE,
        "more than 1,000 digits");
  }

  @Test
  void shouldNeverQuoteTheDocument() {
    assertFault("{\"text\":\"SECRET", RejectReason.UNDECODABLE, "line 1, column");
    assertFault("{\"text\":\"a\"} SECRET", RejectReason.UNDECODABLE, "line 1, column");
    assertFault("{\"a\":1,\"a\":SECRET}", RejectReason.UNDECODABLE, "line 1, column");
    assertFault("\"SECRET\"", RejectReason.UNDECODABLE, "found string");
    assertFault("", RejectReason.UNDECODABLE, "found nothing");
    assertFault("{\"SECRET\":1}", RejectReason.INVALID_DOCUMENT, "field text: expected a text");
    assertFault(
        "{\"text\":\"a\",\"attributes\":{\"SECRET\":1}}",
        RejectReason.INVALID_DOCUMENT,
        "attributes: expected texts, found number");
    assertFault(
        "{\"text\":\"a\",\"title\":\"SECRET\\ud83d\"}", RejectReason.INVALID_TEXT, "field title");
  }
}
