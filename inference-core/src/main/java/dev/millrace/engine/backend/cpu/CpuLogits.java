package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.Logits;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Logits in memory. Owned by the engine thread. */
final class CpuLogits implements Logits {

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final double LOG2_E = 1.4426950408889634;
  private static final int LANES = RowMath.LANES;
  private static final VectorSpecies<Double> DOUBLES =
      VectorShape.forBitSize(RowMath.FLOATS.vectorBitSize()).withLanes(double.class);

  private final MemorySegment values;
  private final int rows;
  private final int vocabulary;
  private final int stride;
  private final BooleanSupplier current;
  private final double[] logSums;

  /**
   * Views logits.
   *
   * @param values floats [rows, stride]
   * @param current whether the step that made them is still the last one
   */
  CpuLogits(MemorySegment values, int rows, int vocabulary, int stride, BooleanSupplier current) {
    this.values = values;
    this.rows = rows;
    this.vocabulary = vocabulary;
    this.stride = stride;
    this.current = current;
    this.logSums = new double[rows];
    Arrays.fill(logSums, Double.NaN);
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int vocabulary() {
    return vocabulary;
  }

  private long start(int row) {
    if (row < 0 || row >= rows) {
      throw new IndexOutOfBoundsException(
          String.format(Locale.ROOT, "row %d of %d logit rows", row, rows));
    }
    if (!current.getAsBoolean()) {
      throw new IllegalStateException("these logits ended when the next step began");
    }
    return 4L * row * stride;
  }

  @Override
  public int argmax(int row) {
    long start = start(row);
    float top = largest(start);
    int i = 0;
    for (; i + LANES <= vocabulary; i += LANES) {
      VectorMask<Float> found =
          RowMath.load(values, start + 4L * i).compare(VectorOperators.EQ, top);
      if (found.anyTrue()) {
        return i + found.firstTrue();
      }
    }
    for (; i < vocabulary; i++) {
      if (values.get(FLOAT, start + 4L * i) == top) {
        return i;
      }
    }
    return 0;
  }

  private float largest(long start) {
    FloatVector top = FloatVector.broadcast(RowMath.FLOATS, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i + LANES <= vocabulary; i += LANES) {
      top = top.max(RowMath.load(values, start + 4L * i));
    }
    float largest = top.reduceLanes(VectorOperators.MAX);
    for (; i < vocabulary; i++) {
      largest = Math.max(largest, values.get(FLOAT, start + 4L * i));
    }
    return largest;
  }

  @Override
  public void logProbabilities(int row, int[] ids, double[] out) {
    if (ids.length != out.length) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%d ids but room for %d results", ids.length, out.length));
    }
    long start = start(row);
    if (Double.isNaN(logSums[row])) {
      logSums[row] = logSum(start);
    }
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabulary) {
        throw new IndexOutOfBoundsException(
            String.format(Locale.ROOT, "token %d of a vocabulary of %d", ids[i], vocabulary));
      }
      out[i] = values.get(FLOAT, start + 4L * ids[i]) - logSums[row];
    }
  }

  /** {@code log(sum(exp(logit)))}: exponentials in f32 to one unit, summed in double lanes. */
  private double logSum(long start) {
    float top = largest(start);
    DoubleVector low = DoubleVector.zero(DOUBLES);
    DoubleVector high = low;
    int i = 0;
    for (; i + LANES <= vocabulary; i += LANES) {
      FloatVector e =
          RowMath.exp2(RowMath.load(values, start + 4L * i).sub(top).mul((float) LOG2_E));
      low = low.add((DoubleVector) e.convertShape(VectorOperators.F2D, DOUBLES, 0));
      high = high.add((DoubleVector) e.convertShape(VectorOperators.F2D, DOUBLES, 1));
    }
    double sum = 0;
    for (double lane : low.add(high).toArray()) {
      sum += lane;
    }
    for (; i < vocabulary; i++) {
      sum += RowMath.exp2((values.get(FLOAT, start + 4L * i) - top) * (float) LOG2_E);
    }
    return top + StrictMath.log(sum);
  }

  @Override
  public void copy(int row, float[] out) {
    if (out.length < vocabulary) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "room for %d of %d logits", out.length, vocabulary));
    }
    MemorySegment.copy(values, FLOAT, start(row), out, 0, vocabulary);
  }
}
