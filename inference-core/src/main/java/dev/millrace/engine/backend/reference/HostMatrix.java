package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A linear weight, read from the checkpoint when first used. Owned by the engine thread.
 *
 * <p>Small weights are kept as floats in [inputs, outputs] order: the inner loop then runs over
 * outputs, which are independent of each other, and the compiler may use vectors without changing
 * the order of any sum. Larger ones are read again for every row. Both add up an output's products
 * from the first input to the last, so the result is the same, bit for bit.
 */
final class HostMatrix implements Matrix {

  /** Largest weight that is kept: 256 MiB of floats. */
  static final long KEPT_ELEMENTS_MAX = 1L << 26;

  private final List<MatrixSource> sources;
  private final int outputs;
  private final int inputs;
  private final boolean kept;
  private float @Nullable [] values;

  HostMatrix(List<MatrixSource> sources) {
    this(sources, KEPT_ELEMENTS_MAX);
  }

  HostMatrix(List<MatrixSource> sources, long keptElementsMax) {
    this.sources = List.copyOf(sources);
    this.inputs = this.sources.getFirst().inputs();
    int sum = 0;
    for (MatrixSource source : this.sources) {
      if (source.inputs() != inputs) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "stacked weights share one input width, got %d and %d",
                inputs,
                source.inputs()));
      }
      sum = Math.addExact(sum, source.outputs());
    }
    this.outputs = sum;
    this.kept = (long) outputs * inputs <= keptElementsMax;
  }

  @Override
  public int outputs() {
    return outputs;
  }

  @Override
  public int inputs() {
    return inputs;
  }

  @Override
  public long bytes() {
    return (long) outputs * inputs * Float.BYTES;
  }

  /** {@code out = weight * in}, one row each. */
  void apply(double[] in, int inAt, double[] out, int outAt) {
    if (kept) {
      applyKept(in, inAt, out, outAt);
    } else {
      applyRead(in, inAt, out, outAt);
    }
  }

  private void applyKept(double[] in, int inAt, double[] out, int outAt) {
    float[] w = kept();
    double[] sums = new double[outputs];
    for (int i = 0; i < inputs; i++) {
      addScaled(in[inAt + i], w, i * outputs, sums);
    }
    System.arraycopy(sums, 0, out, outAt, outputs);
  }

  private static void addScaled(double factor, float[] values, int at, double[] sums) {
    for (int o = 0; o < sums.length; o++) {
      sums[o] += factor * values[at + o];
    }
  }

  private void applyRead(double[] in, int inAt, double[] out, int outAt) {
    float[] row = new float[inputs];
    for (int o = 0; o < outputs; o++) {
      row(o, row);
      double sum = 0;
      for (int i = 0; i < inputs; i++) {
        sum += in[inAt + i] * row[i];
      }
      out[outAt + o] = sum;
    }
  }

  /** Reads the weights of one output. */
  void row(int output, float[] row) {
    int first = 0;
    for (MatrixSource source : sources) {
      if (output < first + source.outputs()) {
        source.readOutput(output - first, row);
        return;
      }
      first += source.outputs();
    }
    throw new IllegalArgumentException(
        String.format(Locale.ROOT, "output %d of %d", output, outputs));
  }

  private float[] kept() {
    if (values == null) {
      float[] all = new float[Math.multiplyExact(inputs, outputs)];
      int first = 0;
      for (MatrixSource source : sources) {
        widen(source, all, first);
        first += source.outputs();
      }
      values = all;
    }
    return values;
  }

  /** Copies a source into its columns of {@code all}, reading the file in its own order. */
  private void widen(MatrixSource source, float[] all, int first) {
    switch (source) {
      case MatrixSource.Plain(var tensor, MatrixSource.Order order)
          when order == MatrixSource.Order.IN_OUT ->
          widenColumns(tensor, 0, source.outputs(), all, first);
      case MatrixSource.Columns(var tensor, int column, int count) ->
          widenColumns(tensor, column, count, all, first);
      default -> {
        float[] row = new float[inputs];
        for (int o = 0; o < source.outputs(); o++) {
          source.readOutput(o, row);
          for (int i = 0; i < inputs; i++) {
            all[i * outputs + first + o] = row[i];
          }
        }
      }
    }
  }

  private void widenColumns(Tensor tensor, int column, int count, float[] all, int first) {
    long width = tensor.shape().extent(1);
    for (int i = 0; i < inputs; i++) {
      tensor.readFloats(i * width + column, all, i * outputs + first, count);
    }
  }
}
