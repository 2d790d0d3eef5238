package dev.millrace.streams.processor;

import dev.millrace.records.SourcePosition;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * Key of a document in the pending store of its input topic. The order of the bytes is the order of
 * arrival.
 *
 * @param partition of the input topic, not negative
 * @param offset in that partition, not negative
 */
public record PendingId(int partition, long offset) implements Comparable<PendingId> {
  /** Length of {@link #bytes}. */
  public static final int BYTES = Integer.BYTES + Long.BYTES;

  /** Below every other. */
  static final PendingId FIRST = new PendingId(0, 0);

  /** Above every other. */
  static final PendingId LAST = new PendingId(Integer.MAX_VALUE, Long.MAX_VALUE);

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

  /** Reads what {@link #bytes} wrote. */
  public static PendingId of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalStateException(
          String.format(
                  Locale.ROOT,
                  "cannot read a key of the pending store: %d bytes, expected %d; the store "
                      + "belongs to",
                  bytes.length,
                  BYTES)
              + " another application or version");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new PendingId(buffer.getInt(), buffer.getLong());
  }

  /** Partition and offset, big endian. */
  public byte[] bytes() {
    return ByteBuffer.allocate(BYTES).putInt(partition).putLong(offset).array();
  }

  /** The position that it names in a topic. */
  SourcePosition in(String topic) {
    return new SourcePosition(topic, partition, offset);
  }

  /** The smallest above this one. */
  PendingId next() {
    return new PendingId(partition, offset + 1);
  }

  @Override
  public int compareTo(PendingId other) {
    int byPartition = Integer.compare(partition, other.partition);
    return byPartition != 0 ? byPartition : Long.compare(offset, other.offset);
  }

  @Override
  public String toString() {
    return partition + "@" + offset;
  }
}
