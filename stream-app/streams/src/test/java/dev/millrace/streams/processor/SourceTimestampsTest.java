package dev.millrace.streams.processor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.records.SourcePosition;
import dev.millrace.records.TimestampLimits;
import dev.millrace.records.TimestampRange;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class SourceTimestampsTest {
  private static final long NOW = 1_700_000_000_000L;

  private final TimestampLimits limits = new TimestampLimits();
  private final SourceTimestamps timestamps =
      new SourceTimestamps(limits, "changelog", () -> Instant.ofEpochMilli(NOW));

  private long extract(long offset, long timestamp) {
    return timestamps.extract(
        new ConsumerRecord<>(
            "documents",
            3,
            offset,
            timestamp,
            TimestampType.CREATE_TIME,
            0,
            0,
            new Object(),
            new Object(),
            new RecordHeaders(),
            Optional.empty()),
        0);
  }

  @Test
  void shouldTellTheOwnTimestampOfARecordOnce() {
    limits.update(Map.of("changelog", new TimestampRange(Long.MAX_VALUE, 1000)));
    SourcePosition id = new SourcePosition("documents", 3, 5);

    assertThat(extract(5, NOW + 5000)).isEqualTo(NOW);
    assertThat(extract(6, NOW + 100)).isEqualTo(NOW + 100);

    assertThat(timestamps.own(new SourcePosition("documents", 3, 6), NOW + 100))
        .isEqualTo(NOW + 100);
    assertThat(timestamps.own(id, NOW)).isEqualTo(NOW + 5000);
    assertThat(timestamps.own(id, NOW)).isEqualTo(NOW);
  }

  @Test
  void shouldTakeARecordWithoutATimestampForOneAsOldAsTime() {
    assertThat(extract(1, -1)).isZero();
    assertThat(extract(1, Long.MIN_VALUE)).isZero();
    assertThat(timestamps.own(new SourcePosition("documents", 3, 1), 0)).isZero();
  }

  @Test
  void shouldAlwaysGiveWhatTheTopicTakes() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int i = 0; i < 100_000; i++) {
      TimestampRange range = new TimestampRange(span(random), span(random));
      long timestamp = random.nextInt(3) == 0 ? NOW + random.nextInt() : span(random);

      long allowed = range.allowed(timestamp, NOW);

      assertThat(NOW - allowed)
          .as("seed %d: %s, %d", seed, range, timestamp)
          .isLessThanOrEqualTo(range.beforeMaxMillis());
      assertThat(allowed - NOW)
          .as("seed %d: %s, %d", seed, range, timestamp)
          .isLessThanOrEqualTo(range.afterMaxMillis());
      assertThat(allowed).isIn(timestamp, NOW);
    }
  }

  private static long span(Random random) {
    return random.nextInt(4) == 0 ? Long.MAX_VALUE : random.nextLong() >>> (1 + random.nextInt(62));
  }
}
