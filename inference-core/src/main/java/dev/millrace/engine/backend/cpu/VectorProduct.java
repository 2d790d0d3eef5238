package dev.millrace.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * An f32 product in Java, for machines where oneDNN does not load. One accumulator per result
 * element, inputs in ascending order, so a row's bits depend on nothing else. Four rows by one
 * register of outputs at a time: small enough for the compiler to keep in registers.
 *
 * <p>Thread-safe: no state.
 */
@SuppressWarnings("restricted") // native memory and calls are what this class is for
final class VectorProduct implements Product {

  private static final VectorSpecies<Float> FLOATS = RowMath.FLOATS;
  private static final int LANES = RowMath.LANES;
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final int ROWS = 4;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private final ProductShape shape;
  private final PackedFormat format;

  VectorProduct(ProductShape shape, PackedFormat format) {
    if (shape.operands() != ElementType.F32 || format.type() != ElementType.F32) {
      throw new IllegalArgumentException("the Java product computes in f32 only, asked " + shape);
    }
    this.shape = shape;
    this.format = format;
  }

  @Override
  public int rowsTouched(int rows) {
    return rows;
  }

  @Override
  public void close() {}

  @Override
  public void run(int worker, int rows, long src, long weights, long dst, long upcoming) {
    MemorySegment from = view(src, bytes(rows, shape.srcStride(), shape.inputs()));
    MemorySegment packed = view(weights, format.bytes(shape.inputs(), shape.outputs()));
    MemorySegment to = view(dst, bytes(rows, shape.dstStride(), shape.outputs()));
    float[] lanes = new float[LANES];
    for (int output = 0; output < shape.outputs(); output += LANES) {
      long column = format.offset(shape.inputs(), 0, output);
      int row = 0;
      for (; row + ROWS <= rows; row += ROWS) {
        fourRows(from, packed, to, row, column, output, lanes);
      }
      for (; row < rows; row++) {
        finish(oneRow(from, packed, row, column), to, row, output, lanes);
      }
    }
  }

  private static MemorySegment view(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  private static long bytes(int rows, int stride, int columns) {
    return 4L * ((long) (rows - 1) * stride + columns);
  }

  private void fourRows(
      MemorySegment from,
      MemorySegment packed,
      MemorySegment to,
      int row,
      long column,
      int output,
      float[] lanes) {
    long r0 = 4L * row * shape.srcStride();
    long r1 = r0 + 4L * shape.srcStride();
    long r2 = r1 + 4L * shape.srcStride();
    long r3 = r2 + 4L * shape.srcStride();
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    long step = 4L * format.width();
    long at = column;
    for (int i = 0; i < shape.inputs(); i++, at += step) {
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, packed, at, LE);
      a0 = w.fma(FloatVector.broadcast(FLOATS, from.get(FLOAT, r0 + 4L * i)), a0);
      a1 = w.fma(FloatVector.broadcast(FLOATS, from.get(FLOAT, r1 + 4L * i)), a1);
      a2 = w.fma(FloatVector.broadcast(FLOATS, from.get(FLOAT, r2 + 4L * i)), a2);
      a3 = w.fma(FloatVector.broadcast(FLOATS, from.get(FLOAT, r3 + 4L * i)), a3);
    }
    finish(a0, to, row, output, lanes);
    finish(a1, to, row + 1, output, lanes);
    finish(a2, to, row + 2, output, lanes);
    finish(a3, to, row + 3, output, lanes);
  }

  private FloatVector oneRow(MemorySegment from, MemorySegment packed, int row, long column) {
    long start = 4L * row * shape.srcStride();
    FloatVector a = FloatVector.zero(FLOATS);
    long step = 4L * format.width();
    long at = column;
    for (int i = 0; i < shape.inputs(); i++, at += step) {
      FloatVector w = FloatVector.fromMemorySegment(FLOATS, packed, at, LE);
      a = w.fma(FloatVector.broadcast(FLOATS, from.get(FLOAT, start + 4L * i)), a);
    }
    return a;
  }

  private void finish(FloatVector sums, MemorySegment to, int row, int output, float[] lanes) {
    sums.intoArray(lanes, 0);
    int count = Math.min(LANES, shape.outputs() - output);
    long at = 4L * ((long) row * shape.dstStride() + output);
    for (int i = 0; i < count; i++) {
      float value = lanes[i];
      float result =
          switch (shape.epilogue()) {
            case STORE -> value;
            case ADD -> to.get(FLOAT, at + 4L * i) + value;
          };
      to.set(FLOAT, at + 4L * i, result);
    }
  }
}
