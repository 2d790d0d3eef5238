package dev.millrace.records;

import java.util.Comparator;
import java.util.Locale;

/**
 * Where a record was read. Ordered by topic, partition and offset.
 *
 * @param topic its topic
 * @param partition of that topic, not negative
 * @param offset in that partition, not negative
 */
public record SourcePosition(String topic, int partition, long offset)
    implements Comparable<SourcePosition> {
  private static final Comparator<SourcePosition> ORDER =
      Comparator.comparing(SourcePosition::topic)
          .thenComparingInt(SourcePosition::partition)
          .thenComparingLong(SourcePosition::offset);

  /** Refuses negative numbers. */
  public SourcePosition {
    if (partition < 0 || offset < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "partition and offset must not be negative, got %d and %d",
              partition,
              offset));
    }
  }

  @Override
  public int compareTo(SourcePosition other) {
    return ORDER.compare(this, other);
  }

  /** {@code topic-partition-offset}: the same whenever the record is read again. */
  @Override
  public String toString() {
    return topic + "-" + partition + "-" + offset;
  }
}
