package dev.millrace.streams.processor;

import dev.millrace.operations.config.TopicSelection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The bytes of keys in a pending store. Keys of one topic are ordered as their offsets are.
 *
 * <p>Where the input is one topic, its name is no part of them: partition and offset, big endian.
 * Where it is a pattern, the name stands between both, ended by a zero byte, which no name has.
 */
public final class PendingKeys {
  private static final byte END = 0;

  /** Below every key, which begins with a number that is not negative. */
  static final byte[] FIRST = {0};

  /** Above every key. */
  static final byte[] LAST = {(byte) 0x80};

  /** The one topic; empty for several. */
  private final String topic;

  private final boolean several;

  /** Those of an input. */
  public PendingKeys(TopicSelection input) {
    this.topic = input.name().orElse("");
    this.several = input.name().isEmpty();
  }

  /** The bytes of a key. */
  public byte[] bytes(PendingId id) {
    byte[] name = several ? id.topic().getBytes(StandardCharsets.UTF_8) : new byte[0];
    ByteBuffer buffer = ByteBuffer.allocate(bytes(name.length)).putInt(id.partition());
    if (several) {
      buffer.put(name).put(END);
    }
    return buffer.putLong(id.offset()).array();
  }

  /** How many bytes a key has. */
  int size(String topic) {
    return bytes(several ? topic.getBytes(StandardCharsets.UTF_8).length : 0);
  }

  private int bytes(int name) {
    return Integer.BYTES + Long.BYTES + (several ? name + 1 : 0);
  }

  /**
   * Reads what {@link #bytes} wrote.
   *
   * @throws IllegalStateException if it is no such key
   */
  public PendingId of(byte[] bytes) {
    int name = bytes.length - bytes(0);
    if (several ? name < 1 || bytes[Integer.BYTES + name] != END : name != 0) {
      throw new IllegalStateException(
          String.format(
                  Locale.ROOT,
                  "cannot read a key of the pending store: %d bytes, expected %s; the store belongs",
                  bytes.length,
                  several ? bytes(0) + " and a topic's name" : bytes(0))
              + " to another application or version, or its input was named in another way: topic"
              + " or pattern");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    int partition = buffer.getInt();
    String from = several ? new String(bytes, Integer.BYTES, name, StandardCharsets.UTF_8) : topic;
    return new PendingId(from, partition, buffer.getLong(bytes.length - Long.BYTES));
  }
}
