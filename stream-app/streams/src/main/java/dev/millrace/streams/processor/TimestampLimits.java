package dev.millrace.streams.processor;

import java.util.Map;

/**
 * The timestamps that the changelog and the output topics take, by the name of the store or sink.
 * Shared by all stream tasks. Thread-safe: replaced as a whole when the topics were asked again.
 */
public final class TimestampLimits {
  private volatile Map<String, TimestampRange> ranges = Map.of();

  /** Replaces what is known. */
  public void update(Map<String, TimestampRange> found) {
    ranges = Map.copyOf(found);
  }

  /** The timestamp if {@code sink} takes it now, else the present. Without knowledge, all pass. */
  long allowed(String sink, long timestamp, long nowMillis) {
    return ranges.getOrDefault(sink, TimestampRange.ANY).allowed(timestamp, nowMillis);
  }
}
