package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.Rows;
import java.util.Locale;

/** Activations in double precision, row-major. Owned by the engine thread. */
final class HostRows implements Rows {

  private final int rowsMax;
  private final int width;
  private final double[] values;

  HostRows(int rowsMax, int width) {
    if (rowsMax < 1 || width < 1 || (long) rowsMax * width > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "activations need 1 to 2^31 elements, got %d rows of %d",
              rowsMax,
              width));
    }
    this.rowsMax = rowsMax;
    this.width = width;
    this.values = new double[rowsMax * width];
  }

  @Override
  public int rowsMax() {
    return rowsMax;
  }

  @Override
  public int width() {
    return width;
  }

  double[] values() {
    return values;
  }

  /** Row {@code i} becomes what row {@code rows[i]} was; {@code rows} ascend. */
  void keep(int[] rows) {
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(values, at(rows[i]), values, at(i), width);
    }
  }

  /** Index of the first element of a row. */
  int at(int row) {
    return row * width;
  }
}
