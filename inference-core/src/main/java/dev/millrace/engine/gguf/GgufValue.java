package dev.millrace.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/** A value of the metadata. Arrays of numbers are views of the file. */
sealed interface GgufValue {

  /** An integer of any width; unsigned 64-bit ones above {@code Long.MAX_VALUE} are negative. */
  record Whole(long value) implements GgufValue {}

  /** A floating number. */
  record Real(double value) implements GgufValue {}

  /** A truth value. */
  record Flag(boolean value) implements GgufValue {}

  /** Text. */
  record Text(String value) implements GgufValue {}

  /** A list of texts. */
  record Texts(List<String> values) implements GgufValue {
    /** Copies the list. */
    public Texts {
      values = List.copyOf(values);
    }
  }

  /**
   * A list of numbers or truth values.
   *
   * @param type the file's number for the type of its elements
   * @param count how many
   * @param data their bytes
   */
  record Numbers(int type, long count, MemorySegment data) implements GgufValue {

    private static final ValueLayout.OfShort SHORT =
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
        ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Element {@code index}. */
    GgufValue get(long index) {
      return read(type, data, index * bytes(type));
    }

    /** Bytes of a number of a type; 0 for types that are no numbers, or unknown. */
    static int bytes(int type) {
      return switch (type) {
        case 0, 1, 7 -> 1;
        case 2, 3 -> 2;
        case 4, 5, 6 -> 4;
        case 10, 11, 12 -> 8;
        default -> 0;
      };
    }

    /** The number at a place. */
    static GgufValue read(int type, MemorySegment data, long at) {
      return switch (type) {
        case 0 -> new Whole(data.get(ValueLayout.JAVA_BYTE, at) & 0xff);
        case 1 -> new Whole(data.get(ValueLayout.JAVA_BYTE, at));
        case 2 -> new Whole(data.get(SHORT, at) & 0xffff);
        case 3 -> new Whole(data.get(SHORT, at));
        case 4 -> new Whole(Integer.toUnsignedLong(data.get(INT, at)));
        case 5 -> new Whole(data.get(INT, at));
        case 6 -> new Real(widened(Float.intBitsToFloat(data.get(INT, at))));
        case 7 -> new Flag(data.get(ValueLayout.JAVA_BYTE, at) != 0);
        case 10, 11 -> new Whole(data.get(LONG, at));
        case 12 -> new Real(Double.longBitsToDouble(data.get(LONG, at)));
        default -> throw new IllegalArgumentException("no number has type " + type);
      };
    }

    /** The decimal that a float was written as: 1e-5, not 9.99999974e-6. */
    private static double widened(float value) {
      return Double.parseDouble(Float.toString(value));
    }
  }
}
