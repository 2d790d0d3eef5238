package dev.millrace.streams.processor;

import dev.millrace.records.SourcePosition;
import java.util.Comparator;
import java.util.Locale;

/**
 * Names a document in the pending store of its input. Those of one topic are ordered as they
 * arrived.
 *
 * @param topic that it was read from
 * @param partition of that topic, not negative
 * @param offset in that partition, not negative
 */
public record PendingId(String topic, int partition, long offset) implements Comparable<PendingId> {
  private static final Comparator<PendingId> ORDER =
      Comparator.comparing(PendingId::topic)
          .thenComparingInt(PendingId::partition)
          .thenComparingLong(PendingId::offset);

  /** Refuses negative numbers: they would sort wrongly. */
  public PendingId {
    if (partition < 0 || offset < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "partition and offset must not be negative, got %d and %d",
              partition,
              offset));
    }
  }

  /** The position that it names. */
  SourcePosition position() {
    return new SourcePosition(topic, partition, offset);
  }

  @Override
  public int compareTo(PendingId other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return position().toString();
  }
}
