package dev.millrace.operations.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.records.OutcomeTimestamp;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopicRetentionTest {
  private static final String WEEK = "604800000";
  private static final String MONTH = "2592000000";

  private static List<String> warnings(
      OutcomeTimestamp timestamp, Map<String, String> input, Map<String, String> output) {
    return TopicRetention.warnings(
        "in", List.of("out"), timestamp, Map.of("in", input, "out", output));
  }

  private static Map<String, String> kept(String millis) {
    return Map.of("cleanup.policy", "delete", "retention.ms", millis);
  }

  @Test
  void shouldWarnOfNothingUsual() {
    assertThat(warnings(OutcomeTimestamp.ENRICHED, kept(MONTH), kept(WEEK))).isEmpty();
    assertThat(warnings(OutcomeTimestamp.DOCUMENT, kept(WEEK), kept(MONTH))).isEmpty();
    assertThat(warnings(OutcomeTimestamp.DOCUMENT, kept("-1"), kept("-1"))).isEmpty();
    assertThat(TopicRetention.warnings("in", List.of("out"), OutcomeTimestamp.ENRICHED, Map.of()))
        .isEmpty();
  }

  @Test
  void shouldWarnOfOutcomesThatAreDeletedAtOnce() {
    assertThat(warnings(OutcomeTimestamp.DOCUMENT, kept(MONTH), kept(WEEK)))
        .singleElement()
        .asString()
        .contains("topic out keeps records for retention.ms=604800000, topic in for 2592000000")
        .contains("topics.timestamp document");
    assertThat(warnings(OutcomeTimestamp.DOCUMENT, kept("-1"), kept(WEEK))).hasSize(1);
  }

  @Test
  void shouldWarnOfShortRetentionAndOfCompaction() {
    assertThat(warnings(OutcomeTimestamp.ENRICHED, kept("60000"), kept("1000")))
        .anySatisfy(line -> assertThat(line).contains("topic in").contains("not consumed"))
        .anySatisfy(line -> assertThat(line).contains("topic out").contains("nobody has read"))
        .hasSize(2);
    assertThat(
            warnings(
                OutcomeTimestamp.ENRICHED,
                Map.of("cleanup.policy", "compact", "retention.ms", "1000"),
                kept(WEEK)))
        .singleElement()
        .asString()
        .contains("topic in is compacted");
  }
}
