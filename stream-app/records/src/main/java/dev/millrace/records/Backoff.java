package dev.millrace.records;

import java.time.Duration;

/**
 * How long to wait before a document is submitted again: doubled each time.
 *
 * @param min first wait, positive
 * @param max longest wait, not below {@code min}
 */
public record Backoff(Duration min, Duration max) {
  private static final int DOUBLINGS_MAX = 30;

  /** Checks the bounds. */
  public Backoff {
    if (min.isNegative() || min.isZero() || max.compareTo(min) < 0) {
      throw new IllegalArgumentException(
          "back-off must have 0 < min <= max, got %s and %s".formatted(min, max));
    }
  }

  /** The wait after {@code retries} earlier retries, in nanoseconds. */
  public long nanos(int retries) {
    long doubled = min.toNanos() << Math.min(retries, DOUBLINGS_MAX);
    return doubled <= 0 || doubled > max.toNanos() ? max.toNanos() : doubled;
  }
}
