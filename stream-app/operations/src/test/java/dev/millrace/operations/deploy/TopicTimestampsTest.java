package dev.millrace.operations.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.records.TimestampRange;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopicTimestampsTest {
  private static final String ALL = Long.toString(Long.MAX_VALUE);

  private static Map<String, String> kafka4(String before, String after) {
    return Map.of(
        "message.timestamp.type", "CreateTime",
        "message.timestamp.before.max.ms", before,
        "message.timestamp.after.max.ms", after);
  }

  @Test
  void shouldReadWhatBrokersOfEachAgeSay() {
    assertThat(TopicTimestamps.range(kafka4(ALL, "3600000")))
        .isEqualTo(new TimestampRange(Long.MAX_VALUE, 3_600_000));
    assertThat(TopicTimestamps.range(Map.of("message.timestamp.difference.max.ms", "5000")))
        .isEqualTo(new TimestampRange(5000, 5000));
    assertThat(
            TopicTimestamps.range(
                Map.of(
                    "message.timestamp.type", "LogAppendTime",
                    "message.timestamp.after.max.ms", "1")))
        .isEqualTo(TimestampRange.ANY);
    assertThat(TopicTimestamps.range(Map.of())).isEqualTo(TimestampRange.ANY);
  }

  @Test
  void shouldNameTopicsThatTakeLessThanTheInput() {
    List<String> warnings =
        TopicTimestamps.warnings(
            "in",
            List.of("same", "less", "missing"),
            Map.of("in", kafka4(ALL, ALL), "same", kafka4(ALL, ALL), "less", kafka4(ALL, "5")));

    assertThat(warnings).singleElement().asString().contains("topic less", "after.max.ms=5");
  }

  @Test
  void shouldNotWarnWhereEveryTimestampIsTaken() {
    assertThat(
            TopicTimestamps.warnings(
                "in",
                List.of("more", "appended"),
                Map.of(
                    "in", kafka4("7", "5"),
                    "more", kafka4("8", "5"),
                    "appended", Map.of("message.timestamp.type", "LogAppendTime"))))
        .isEmpty();
    assertThat(
            TopicTimestamps.warnings(
                "in",
                List.of("less"),
                Map.of(
                    "in", Map.of("message.timestamp.type", "LogAppendTime"),
                    "less", kafka4("8", "5"))))
        .isEmpty();
  }
}
