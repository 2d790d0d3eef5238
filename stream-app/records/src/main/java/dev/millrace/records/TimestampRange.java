package dev.millrace.records;

import java.time.Duration;

/**
 * Which timestamps a topic takes of records, measured from the broker's clock. Our clock may differ
 * from it, and a record may wait before it is written, so that a part of the range is left unused.
 *
 * @param beforeMaxMillis how far in the past
 * @param afterMaxMillis how far in the future
 */
public record TimestampRange(long beforeMaxMillis, long afterMaxMillis) {
  /** Everything from 1970 on. */
  public static final TimestampRange ANY = new TimestampRange(Long.MAX_VALUE, Long.MAX_VALUE);

  private static final long MARGIN_MILLIS = Duration.ofMinutes(10).toMillis();

  /** Refuses negative spans. */
  public TimestampRange {
    if (beforeMaxMillis < 0 || afterMaxMillis < 0) {
      throw new IllegalArgumentException(
          "spans must not be negative: " + beforeMaxMillis + " and " + afterMaxMillis);
    }
  }

  /** The timestamp if the topic takes it now, else the present, which it takes. */
  public long allowed(long timestamp, long nowMillis) {
    long future = timestamp - nowMillis;
    boolean taken = future >= 0 ? future <= used(afterMaxMillis) : -future <= used(beforeMaxMillis);
    return taken ? timestamp : nowMillis;
  }

  private static long used(long span) {
    return span == Long.MAX_VALUE ? span : span - Math.min(MARGIN_MILLIS, span / 2);
  }
}
