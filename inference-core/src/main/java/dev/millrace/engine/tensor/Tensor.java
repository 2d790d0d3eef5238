package dev.millrace.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.Objects;

/**
 * A named, shaped, typed view of memory in row-major order. Borrows {@code data}: whoever made the
 * segment closes it. Offsets are 64-bit throughout, since one tensor may exceed 2 GiB.
 *
 * @param name the tensor's name, for messages
 * @param type element type
 * @param shape extents, outermost first
 * @param data exactly as many bytes as the elements take, not necessarily aligned
 */
public record Tensor(String name, DType type, Shape shape, MemorySegment data) {

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Refuses a segment whose size does not match. */
  public Tensor {
    long expected = type.bytes(shape.elements());
    if (data.byteSize() != expected) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "tensor %s: %s %s needs %d bytes, got %d",
              name,
              type,
              shape,
              expected,
              data.byteSize()));
    }
  }

  /**
   * The part of this tensor at one index of its outermost dimension, as a view: one expert of a
   * stacked tensor, say.
   *
   * @throws IndexOutOfBoundsException if there is no such index
   */
  public Tensor slice(long index) {
    Objects.checkIndex(index, shape.rank() == 0 ? 0 : shape.extent(0));
    Shape rest = new Shape(shape.extents().subList(1, shape.rank()));
    long bytes = type.bytes(rest.elements());
    return new Tensor(name + "[" + index + "]", type, rest, data.asSlice(index * bytes, bytes));
  }

  /** Whether another tensor has the same type, shape and bytes. */
  public boolean isSame(Tensor other) {
    return type == other.type && shape.equals(other.shape) && data.mismatch(other.data) < 0;
  }

  /** Whether {@link #readFloats} accepts this tensor. */
  public boolean floating() {
    return type == DType.F32 || type == DType.F16 || type == DType.BF16;
  }

  /**
   * Copies consecutive elements as floats, exactly.
   *
   * @param first index of the first element in row-major order
   * @param out receives them from {@code at} on
   * @param count how many
   * @throws IllegalArgumentException if the type is not F32, F16 or BF16
   */
  public void readFloats(long first, float[] out, int at, int count) {
    switch (type) {
      case F32 -> MemorySegment.copy(data, FLOAT, first * Float.BYTES, out, at, count);
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          int bits = data.get(SHORT, (first + i) * Short.BYTES) << 16;
          out[at + i] = Float.intBitsToFloat(bits);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          out[at + i] = Float.float16ToFloat(data.get(SHORT, (first + i) * Short.BYTES));
        }
      }
      default ->
          throw new IllegalArgumentException(
              "tensor %s holds %s; only F32, F16 and BF16 are read as floats"
                  .formatted(name, type));
    }
  }
}
