package dev.millrace.records;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordSizesTest {
  private final RecordSizes sizes = new RecordSizes(4000);

  @Test
  void shouldTakeWhatIsConfiguredUntilATopicTakesLess() {
    assertThat(sizes.max("out")).isEqualTo(4000);
    assertThat(sizes.problems()).isEmpty();

    assertThat(sizes.update(Map.of("out", 1500L, "other", Long.MAX_VALUE))).isTrue();

    assertThat(sizes.max("out")).isEqualTo(1500);
    assertThat(sizes.max("other")).isEqualTo(4000);
    assertThat(sizes.problems())
        .singleElement()
        .asString()
        .contains("topic out takes records of 1500 bytes, topics.record.bytes.max is 4000")
        .contains("raise max.message.bytes");
  }

  @Test
  void shouldSayWhetherSomethingChanged() {
    assertThat(sizes.update(Map.of("out", 1500L))).isTrue();
    assertThat(sizes.update(Map.of("out", 1500L))).isFalse();
    assertThat(sizes.update(Map.of("out", 9000L))).isTrue();
    assertThat(sizes.max("out")).isEqualTo(4000);
  }
}
