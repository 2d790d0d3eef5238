package dev.millrace.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A named, shaped, typed view of memory in row-major order. Borrows {@code data}: whoever made the
 * segment closes it. Offsets are 64-bit throughout, since one tensor may exceed 2 GiB.
 *
 * @param name the tensor's name, for messages
 * @param type element type
 * @param shape extents, outermost first
 * @param data exactly {@code shape.elements() * type.bytes()} bytes, not necessarily aligned
 */
public record Tensor(String name, DType type, Shape shape, MemorySegment data) {

  /** Refuses a segment whose size does not match. */
  public Tensor {
    long expected = Math.multiplyExact(shape.elements(), (long) type.bytes());
    if (data.byteSize() != expected) {
      throw new IllegalArgumentException(
          "tensor %s: %s %s needs %d bytes, got %d"
              .formatted(name, type, shape, expected, data.byteSize()));
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
    long bytes = rest.elements() * type.bytes();
    return new Tensor(name + "[" + index + "]", type, rest, data.asSlice(index * bytes, bytes));
  }
}
