package dev.millrace.streams.processor;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;

/**
 * How far the documents of an input partition have been taken, and from which topics to which: a
 * record of the pending store beside the documents, under a {@link #key} that is no {@link
 * PendingId}. Unlike committed offsets, which a broker forgets some days after the last instance
 * has gone, it lasts as long as the changelog. Immutable.
 *
 * <p>Bytes of version 1, big endian: version (1 byte), next (8), epoch (4), number of topics (4),
 * and for each its id (16) and its name (length in 4 bytes, UTF-8).
 *
 * @param next offset behind the last document that was taken
 * @param epoch leader epoch of that document's record; {@link #UNKNOWN_EPOCH} if it has none
 * @param topics ids of input, outputs and changelog, by name; of those that are known
 */
public record TakenMark(long next, int epoch, Map<String, Uuid> topics) {
  /** Of a record whose leader epoch is not known. */
  public static final int UNKNOWN_EPOCH = -1;

  private static final byte VERSION = 1;

  /** Behind every key of a document: those begin with a partition, which is not negative. */
  private static final byte RESERVED = (byte) 0xff;

  private static final byte KIND = 't';
  private static final int UUID_BYTES = 2 * Long.BYTES;
  private static final int KEY_HEAD_BYTES = 2 + Integer.BYTES;

  /** Copies the ids, in the order of the names. */
  public TakenMark {
    topics = Collections.unmodifiableMap(new TreeMap<>(topics));
  }

  /** An input partition. */
  public record Partition(String topic, int number) implements Comparable<Partition> {
    @Override
    public int compareTo(Partition other) {
      int byTopic = topic.compareTo(other.topic);
      return byTopic != 0 ? byTopic : Integer.compare(number, other.number);
    }
  }

  /** Whether a key of the pending store is no document's. */
  public static boolean isReserved(byte[] key) {
    return key.length > 0 && key[0] == RESERVED;
  }

  /** Whether a key of the pending store is a mark's. */
  public static boolean isKey(byte[] key) {
    return isReserved(key) && key.length > KEY_HEAD_BYTES && key[1] == KIND;
  }

  /** The key of a partition's mark. */
  public static byte[] key(Partition partition) {
    byte[] topic = partition.topic().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(KEY_HEAD_BYTES + topic.length)
        .put(RESERVED)
        .put(KIND)
        .putInt(partition.number())
        .put(topic)
        .array();
  }

  /** Reads what {@link #key} wrote. */
  public static Partition partition(byte[] key) {
    if (!isKey(key)) {
      throw new IllegalArgumentException("the key is no mark's");
    }
    ByteBuffer buffer = ByteBuffer.wrap(key).position(2);
    int number = buffer.getInt();
    return new Partition(
        new String(key, KEY_HEAD_BYTES, key.length - KEY_HEAD_BYTES, StandardCharsets.UTF_8),
        number);
  }

  /** Below the key of every mark. */
  static byte[] firstKey() {
    return new byte[] {RESERVED, KIND};
  }

  /** Above the key of every mark. */
  static byte[] lastKey() {
    return new byte[] {RESERVED, KIND + 1};
  }

  /** As the store holds it. */
  public byte[] bytes() {
    int size = 1 + Long.BYTES + 2 * Integer.BYTES;
    for (String topic : topics.keySet()) {
      size += UUID_BYTES + Integer.BYTES + topic.getBytes(StandardCharsets.UTF_8).length;
    }
    ByteBuffer buffer = ByteBuffer.allocate(size);
    buffer.put(VERSION).putLong(next).putInt(epoch).putInt(topics.size());
    for (Map.Entry<String, Uuid> topic : topics.entrySet()) {
      byte[] name = topic.getKey().getBytes(StandardCharsets.UTF_8);
      buffer
          .putLong(topic.getValue().getMostSignificantBits())
          .putLong(topic.getValue().getLeastSignificantBits())
          .putInt(name.length)
          .put(name);
    }
    return buffer.array();
  }

  /** Reads what {@link #bytes} wrote. */
  public static TakenMark of(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    try {
      byte version = buffer.get();
      if (version != VERSION) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "cannot read how far documents were taken: version %d, this build reads %d; start"
                    + " a newer build",
                version,
                VERSION));
      }
      long next = buffer.getLong();
      int epoch = buffer.getInt();
      int count = buffer.getInt();
      Map<String, Uuid> topics = new TreeMap<>();
      for (int i = 0; i < count; i++) {
        Uuid id = new Uuid(buffer.getLong(), buffer.getLong());
        int length = buffer.getInt();
        if (length < 0 || length > buffer.remaining()) {
          throw new BufferUnderflowException();
        }
        byte[] name = new byte[length];
        buffer.get(name);
        topics.put(new String(name, StandardCharsets.UTF_8), id);
      }
      return new TakenMark(next, epoch, topics);
    } catch (BufferUnderflowException e) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "cannot read how far documents were taken: cut off after %d bytes",
              bytes.length),
          e);
    }
  }
}
