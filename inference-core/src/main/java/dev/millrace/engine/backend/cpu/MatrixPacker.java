package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.QuantisedSource;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Copies a range of a source's outputs into {@link PackedFormat}. Stateless; thread-safe.
 *
 * <p>Reads walk a block of outputs side by side, a cache line of each; writes are consecutive.
 */
final class MatrixPacker {

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private MatrixPacker() {}

  /** How to find an element of a source: {@code base + output * perOutput + input * perInput}. */
  private record View(Tensor tensor, long base, long perOutput, long perInput) {

    static View of(MatrixSource.Unquantised source) {
      return switch (source) {
        case MatrixSource.Plain(Tensor values, MatrixSource.Order order) ->
            order == MatrixSource.Order.OUT_IN
                ? new View(values, 0, values.shape().extent(1), 1)
                : new View(values, 0, 1, values.shape().extent(1));
        case MatrixSource.Columns(Tensor values, int first, _) ->
            new View(values, first, 1, values.shape().extent(1));
      };
    }
  }

  /**
   * Packs outputs {@code firstOutput} to {@code firstOutput + outputs - 1} as a matrix of its own.
   *
   * @param target zero-filled memory of {@code format.bytes(inputs, outputs)} bytes
   */
  static void pack(
      MatrixSource source,
      int firstOutput,
      int outputs,
      PackedFormat format,
      MemorySegment target) {
    packInto(source, firstOutput, outputs, 0, format, target);
  }

  /** The same, into the columns of a packed panel from {@code column} on. */
  static void packInto(
      MatrixSource source,
      int firstOutput,
      int outputs,
      int column,
      PackedFormat format,
      MemorySegment target) {
    int inputs = source.inputs();
    int done = 0;
    while (done < outputs) {
      int first = column + done;
      int count = Math.min(outputs - done, format.width() - first % format.width());
      switch (source) {
        case MatrixSource.Unquantised values ->
            packBlock(View.of(values), inputs, firstOutput + done, count, first, format, target);
        case QuantisedSource quantised -> {
          View view = dequantised(quantised, firstOutput + done, count);
          packBlock(view, inputs, 0, count, first, format, target);
        }
      }
      done += count;
    }
  }

  /** Some outputs of a quantised source as a small [outputs, inputs] tensor of floats. */
  private static View dequantised(QuantisedSource source, int firstOutput, int outputs) {
    int inputs = source.inputs();
    float[] row = new float[inputs];
    MemorySegment data = MemorySegment.ofArray(new float[Math.multiplyExact(outputs, inputs)]);
    for (int o = 0; o < outputs; o++) {
      source.readOutput(firstOutput + o, row);
      MemorySegment.copy(row, 0, data, FLOAT, (long) o * inputs * Float.BYTES, inputs);
    }
    return View.of(
        new MatrixSource.Plain(
            new Tensor("dequantised", DType.F32, Shape.of(outputs, inputs), data),
            MatrixSource.Order.OUT_IN));
  }

  private static void packBlock(
      View view,
      int inputs,
      int firstOutput,
      int count,
      int column,
      PackedFormat format,
      MemorySegment target) {
    MemorySegment data = view.tensor().data();
    DType type = view.tensor().type();
    long start = view.base() + firstOutput * view.perOutput();
    boolean copiesPairs = type == DType.BF16 && format.depth() == 2 && view.perInput() == 1;
    for (int input = 0; input < inputs; input += format.depth()) {
      long to = format.offset(inputs, input, column);
      long from = start + input * view.perInput();
      if (copiesPairs && input + 1 < inputs) {
        for (int o = 0; o < count; o++) {
          target.set(INT, to + 4L * o, data.get(INT, 2 * (from + o * view.perOutput())));
        }
      } else if (format.depth() == 1) {
        for (int o = 0; o < count; o++) {
          target.set(FLOAT, to + 4L * o, value(data, type, from + o * view.perOutput()));
        }
      } else {
        for (int o = 0; o < count; o++) {
          long at = from + o * view.perOutput();
          target.set(SHORT, to + 4L * o, bfloat16(data, type, at));
          if (input + 1 < inputs) {
            target.set(SHORT, to + 4L * o + 2, bfloat16(data, type, at + view.perInput()));
          }
        }
      }
    }
  }

  private static short bfloat16(MemorySegment data, DType type, long index) {
    return type == DType.BF16
        ? data.get(SHORT, 2 * index)
        : RowMath.toBfloat16(value(data, type, index));
  }

  /** Element {@code index} as a float. */
  static float value(MemorySegment data, DType type, long index) {
    return switch (type) {
      case F32 -> data.get(FLOAT, 4 * index);
      case F16 -> Float.float16ToFloat(data.get(SHORT, 2 * index));
      case BF16 -> Float.intBitsToFloat(data.get(SHORT, 2 * index) << 16);
      default -> throw new IllegalArgumentException("not a floating type read here: " + type);
    };
  }
}
