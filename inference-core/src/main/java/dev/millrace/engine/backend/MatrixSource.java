package dev.millrace.engine.backend;

import dev.millrace.engine.tensor.Tensor;

/** Where the values of a linear weight come from, in the layout of the checkpoint. */
public sealed interface MatrixSource {

  /** Output width. */
  int outputs();

  /** Input width. */
  int inputs();

  /**
   * Unquantised values: F32, F16 or BF16.
   *
   * @param values two-dimensional
   * @param order how its dimensions are to be read
   */
  record Plain(Tensor values, Order order) implements MatrixSource {

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
  }

  /**
   * Some columns of an unquantised [inputs, n] tensor: the gate or the up half of a fused Llama 4
   * expert. Output {@code o} and input {@code i} are element {@code i * n + first + o}.
   *
   * @param values two-dimensional: F32, F16 or BF16
   * @param first first column
   * @param outputs number of columns
   */
  record Columns(Tensor values, int first, int outputs) implements MatrixSource {

    /** Refuses anything but two dimensions, and columns that do not exist. */
    public Columns {
      if (values.shape().rank() != 2) {
        throw new IllegalArgumentException(
            "a matrix has 2 dimensions, %s has %s".formatted(values.name(), values.shape()));
      }
      refuseOtherTypes(values);
      if (first < 0 || outputs < 1 || (long) first + outputs > values.shape().extent(1)) {
        throw new IllegalArgumentException(
            "%s has %s, no %d columns from %d"
                .formatted(values.name(), values.shape(), outputs, first));
      }
    }

    @Override
    public int inputs() {
      return Math.toIntExact(values.shape().extent(0));
    }
  }

  /** Which dimension comes first in the file. */
  enum Order {
    /** [outputs, inputs], as linear layers are stored. */
    OUT_IN,
    /** [inputs, outputs], as fused Llama 4 experts are stored. */
    IN_OUT
  }

  private static void refuseOtherTypes(Tensor values) {
    if (!values.floating()) {
      throw new IllegalArgumentException(
          "an unquantised matrix holds F32, F16 or BF16, %s holds %s"
              .formatted(values.name(), values.type()));
    }
  }
}
