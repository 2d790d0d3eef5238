package dev.millrace.engine.backend.cpu;

import java.util.Locale;

/**
 * All that a matrix product's code depends on but the number of rows: {@code dst[r, o] =
 * epilogue(sum_i src[r, i] * weights[i, o])}.
 *
 * @param inputs length of the sum
 * @param outputs columns of the result
 * @param operands type of src and weights
 * @param srcStride elements from one row of src to the next
 * @param dstStride floats from one row of dst to the next
 * @param epilogue what happens before storing
 */
record ProductShape(
    int inputs,
    int outputs,
    ElementType operands,
    int srcStride,
    int dstStride,
    Epilogue epilogue) {

  /** Refuses overlapping rows. */
  ProductShape {
    if (inputs < 1 || outputs < 1 || srcStride < inputs || dstStride < outputs) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "rows overlap: %d inputs every %d, %d outputs every %d",
              inputs,
              srcStride,
              outputs,
              dstStride));
    }
  }

  /** A product that is stored as it is. */
  static ProductShape storing(
      int inputs, int outputs, ElementType operands, int srcStride, int dstStride) {
    return new ProductShape(inputs, outputs, operands, srcStride, dstStride, Epilogue.STORE);
  }
}
