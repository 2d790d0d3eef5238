package dev.millrace.records;

import java.util.Map;

/**
 * The timestamps that the changelog and the output topics take, by their names. Shared by all
 * stream tasks. Thread-safe: replaced as a whole when the topics were asked again.
 */
public final class TimestampLimits {
  private volatile Map<String, TimestampRange> ranges = Map.of();

  /** Replaces what is known. */
  public void update(Map<String, TimestampRange> found) {
    ranges = Map.copyOf(found);
  }

  /** The timestamp if the topic takes it now, else the present. Without knowledge, all pass. */
  public long allowed(String topic, long timestamp, long nowMillis) {
    return ranges.getOrDefault(topic, TimestampRange.ANY).allowed(timestamp, nowMillis);
  }
}
