package dev.millrace.schema;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.avro.AvroTypeException;
import org.apache.avro.io.Decoder;
import org.apache.avro.util.Utf8;
import org.jspecify.annotations.Nullable;

/**
 * Avro's binary encoding, read from an array that may hold anything.
 *
 * <p>Avro's own decoder believes a declared length and allocates it before it looks for the bytes;
 * this one allocates no more than is there. Items that take no bytes (nulls, empty records) are
 * limited by number. Not thread-safe: one per message.
 */
final class BoundedDecoder extends Decoder {

  /** Items of arrays and maps beyond one per byte of the message. */
  static final int SPARE_ITEMS = 65_536;

  private static final int VARINT_BYTES_MAX = 10;

  private final byte[] bytes;
  private int position;
  private long itemsLeft;

  BoundedDecoder(byte[] bytes, int offset) {
    this.bytes = bytes;
    this.position = offset;
    this.itemsLeft = (long) bytes.length - offset + SPARE_ITEMS;
  }

  int remaining() {
    return bytes.length - position;
  }

  @Override
  public void readNull() {
    // Takes no bytes.
  }

  @Override
  public boolean readBoolean() throws IOException {
    byte value = bytes[advance(1)];
    if (value != 0 && value != 1) {
      throw new AvroTypeException("a boolean is neither 0 nor 1");
    }
    return value == 1;
  }

  @Override
  public int readInt() throws IOException {
    long value = readLong();
    if (value < Integer.MIN_VALUE || value > Integer.MAX_VALUE) {
      throw new AvroTypeException("an int needs more than 32 bits");
    }
    return (int) value;
  }

  @Override
  public long readLong() throws IOException {
    long value = 0;
    for (int i = 0; i < VARINT_BYTES_MAX; i++) {
      byte next = bytes[advance(1)];
      if (i == VARINT_BYTES_MAX - 1 && (next & 0xfe) != 0) {
        break;
      }
      value |= (long) (next & 0x7f) << (7 * i);
      if (next >= 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new AvroTypeException("a number needs more than 64 bits");
  }

  @Override
  public float readFloat() throws IOException {
    return Float.intBitsToFloat(Integer.reverseBytes(buffer(Float.BYTES).getInt()));
  }

  @Override
  public double readDouble() throws IOException {
    return Double.longBitsToDouble(Long.reverseBytes(buffer(Double.BYTES).getLong()));
  }

  private ByteBuffer buffer(int length) throws IOException {
    return ByteBuffer.wrap(bytes, advance(length), length);
  }

  @Override
  public Utf8 readString(@Nullable Utf8 old) throws IOException {
    return new Utf8(readString());
  }

  @Override
  public String readString() throws IOException {
    int length = readLength();
    ByteBuffer text = ByteBuffer.wrap(bytes, advance(length), length);
    // A new decoder reports what is not UTF-8; a String's constructor would replace it in silence.
    return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
  }

  @Override
  public void skipString() throws IOException {
    skipBytes();
  }

  @Override
  public ByteBuffer readBytes(@Nullable ByteBuffer old) throws IOException {
    int length = readLength();
    byte[] copy = new byte[length];
    System.arraycopy(bytes, advance(length), copy, 0, length);
    return ByteBuffer.wrap(copy);
  }

  @Override
  public void skipBytes() throws IOException {
    advance(readLength());
  }

  @Override
  public void readFixed(byte[] target, int start, int length) throws IOException {
    System.arraycopy(bytes, advance(length), target, start, length);
  }

  @Override
  public void skipFixed(int length) throws IOException {
    advance(length);
  }

  @Override
  public int readEnum() throws IOException {
    return readInt();
  }

  @Override
  public int readIndex() throws IOException {
    return readInt();
  }

  @Override
  public long readArrayStart() throws IOException {
    return readBlock();
  }

  @Override
  public long arrayNext() throws IOException {
    return readBlock();
  }

  @Override
  public long skipArray() throws IOException {
    return skipBlocks();
  }

  @Override
  public long readMapStart() throws IOException {
    return readBlock();
  }

  @Override
  public long mapNext() throws IOException {
    return readBlock();
  }

  @Override
  public long skipMap() throws IOException {
    return skipBlocks();
  }

  /** Number of items of the next block; 0 at the end. */
  private long readBlock() throws IOException {
    long count = readLong();
    if (count < 0) {
      // The block's size in bytes follows; only skipping needs it.
      readLength();
      count = Math.negateExact(count);
    }
    if (count < 0 || count > itemsLeft) {
      throw new AvroTypeException(
          String.format(
              Locale.ROOT,
              "an array or map declares %d items, more than the message can hold",
              count));
    }
    itemsLeft -= count;
    return count;
  }

  /** Skips blocks whose size is stated; returns the items of the first that has to be read. */
  private long skipBlocks() throws IOException {
    while (true) {
      long count = readLong();
      if (count >= 0) {
        if (count > itemsLeft) {
          throw new AvroTypeException(
              String.format(
                  Locale.ROOT,
                  "an array or map declares %d items, more than the message can hold",
                  count));
        }
        itemsLeft -= count;
        return count;
      }
      advance(readLength());
    }
  }

  private int readLength() throws IOException {
    long length = readLong();
    if (length < 0) {
      throw new AvroTypeException("a length is negative");
    }
    if (length > remaining()) {
      throw new EOFException(
          String.format(
              Locale.ROOT, "a length of %d bytes is declared, %d are left", length, remaining()));
    }
    return (int) length;
  }

  /** Moves on by {@code length} bytes; returns where they begin. */
  private int advance(int length) throws EOFException {
    if (length < 0 || length > remaining()) {
      throw new EOFException(
          String.format(Locale.ROOT, "%d bytes are needed, %d are left", length, remaining()));
    }
    int start = position;
    position += length;
    return start;
  }
}
