package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DocumentTest {
  private static final List<String> NO_UNICODE =
      List.of("a\ud83d", "\ude00b", "\ude00\ud83d", "\ud83d\ud83d\ude00", "\udfff");
  private static final Instant NOW = Instant.ofEpochMilli(1_700_000_000_000L);

  private static Document with(int field, String text) {
    String[] texts = {"id", "text", "en", "title", "source", "tenant", "name", "value"};
    texts[field] = text;
    return new Document(
        texts[0],
        texts[1],
        texts[2],
        texts[3],
        texts[4],
        texts[5],
        Map.of(texts[6], texts[7]),
        NOW);
  }

  @Test
  void shouldHoldNoTextThatIsNoUnicodeInAnyField() {
    for (int field = 0; field < 8; field++) {
      int each = field;
      for (String text : NO_UNICODE) {
        assertThatExceptionOfType(DocumentException.class)
            .isThrownBy(() -> with(each, text))
            .withMessageContaining("half a surrogate pair")
            .satisfies(e -> assertThat(e.reason()).isEqualTo(RejectReason.INVALID_TEXT));
      }
      assertThat(with(each, "\ud83d\ude00 \u0000 \ufffe \ufffd")).isNotNull();
    }
  }

  @Test
  void shouldHoldNoTimeThatMillisecondsCannotHold() {
    for (Instant time : List.of(Instant.MAX, Instant.MIN, Instant.ofEpochSecond(1L << 54))) {
      assertThatExceptionOfType(DocumentException.class)
          .isThrownBy(() -> new Document("a", "b", "", "", "", "", Map.of(), time))
          .withMessageContaining("createdAt is out of range")
          .satisfies(e -> assertThat(e.reason()).isEqualTo(RejectReason.INVALID_DOCUMENT));
    }
    for (long millis : new long[] {Long.MIN_VALUE, 0, Long.MAX_VALUE}) {
      Instant time = Instant.ofEpochMilli(millis);
      assertThat(new Document("a", "b", "", "", "", "", Map.of(), time).createdAt())
          .isEqualTo(time);
    }
  }

  @Test
  void shouldKeepTheOrderOfAttributes() {
    Map<String, String> attributes = new LinkedHashMap<>();
    for (int i = 20; i > 0; i--) {
      attributes.put("k" + i, "v");
    }
    List<String> names = List.copyOf(attributes.keySet());

    Document document = new Document("a", "b", "", "", "", "", attributes, NOW);
    attributes.clear();

    assertThat(document.attributes().keySet()).containsExactlyElementsOf(names);
  }
}
