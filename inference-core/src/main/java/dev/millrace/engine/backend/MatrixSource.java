package dev.millrace.engine.backend;

import dev.millrace.engine.tensor.Tensor;
import java.util.Locale;

/**
 * Where the values of a linear weight come from, in the layout of the checkpoint. Immutable views
 * of memory that somebody else owns.
 */
public sealed interface MatrixSource permits MatrixSource.Unquantised, QuantisedSource {

  /** Output width. */
  int outputs();

  /** Input width. */
  int inputs();

  /**
   * Copies the weights of one output as floats: stored values exactly, quantised ones times their
   * scale, rounded once.
   *
   * @param row has {@link #inputs()} elements
   */
  void readOutput(int output, float[] row);

  /** Values that are weights as they stand. */
  sealed interface Unquantised extends MatrixSource {

    /** The tensor that holds them. */
    Tensor values();
  }

  /**
   * Unquantised values: F32, F16 or BF16.
   *
   * @param values two-dimensional
   * @param order how its dimensions are to be read
   */
  record Plain(Tensor values, Order order) implements Unquantised {

    /** Refuses anything but two dimensions of a floating type. */
    public Plain {
      if (values.shape().rank() != 2) {
        throw new IllegalArgumentException(
            "a matrix has 2 dimensions, %s has %s".formatted(values.name(), values.shape()));
      }
      refuseOtherTypes(values);
    }

    @Override
    public int outputs() {
      return Math.toIntExact(values.shape().extent(order == Order.OUT_IN ? 0 : 1));
    }

    @Override
    public int inputs() {
      return Math.toIntExact(values.shape().extent(order == Order.OUT_IN ? 1 : 0));
    }

    @Override
    public void readOutput(int output, float[] row) {
      if (order == Order.OUT_IN) {
        values.readFloats((long) output * row.length, row, 0, row.length);
      } else {
        readColumn(values, output, row);
      }
    }
  }

  /**
   * Some columns of an unquantised [inputs, n] tensor: the gate or the up half of a fused Llama 4
   * expert. Output {@code o} and input {@code i} are element {@code i * n + first + o}.
   *
   * @param values two-dimensional: F32, F16 or BF16
   * @param first first column
   * @param outputs number of columns
   */
  record Columns(Tensor values, int first, int outputs) implements Unquantised {

    /** Refuses anything but two dimensions, and columns that do not exist. */
    public Columns {
      if (values.shape().rank() != 2) {
        throw new IllegalArgumentException(
            "a matrix has 2 dimensions, %s has %s".formatted(values.name(), values.shape()));
      }
      refuseOtherTypes(values);
      if (first < 0 || outputs < 1 || (long) first + outputs > values.shape().extent(1)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s has %s, no %d columns from %d",
                values.name(),
                values.shape(),
                outputs,
                first));
      }
    }

    @Override
    public int inputs() {
      return Math.toIntExact(values.shape().extent(0));
    }

    @Override
    public void readOutput(int output, float[] row) {
      readColumn(values, first + output, row);
    }
  }

  /** Which dimension comes first in the file. */
  enum Order {
    /** [outputs, inputs], as linear layers are stored. */
    OUT_IN,
    /** [inputs, outputs], as fused Llama 4 experts are stored. */
    IN_OUT
  }

  private static void readColumn(Tensor values, int column, float[] row) {
    long width = values.shape().extent(1);
    for (int i = 0; i < row.length; i++) {
      values.readFloats(i * width + column, row, i, 1);
    }
  }

  private static void refuseOtherTypes(Tensor values) {
    if (!values.floating()) {
      throw new IllegalArgumentException(
          "an unquantised matrix holds F32, F16 or BF16, %s holds %s"
              .formatted(values.name(), values.type()));
    }
  }
}
