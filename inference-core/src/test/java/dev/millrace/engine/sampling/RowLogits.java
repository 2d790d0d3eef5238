package dev.millrace.engine.sampling;

import dev.millrace.engine.backend.Logits;

/** Logits given as plain rows. */
public class RowLogits implements Logits {
  private final float[][] rows;

  /** Borrows the rows. */
  public RowLogits(float[]... rows) {
    this.rows = rows;
  }

  @Override
  public int rows() {
    return rows.length;
  }

  @Override
  public int vocabulary() {
    return rows[0].length;
  }

  @Override
  public int argmax(int row) {
    return LogSoftmax.argmax(rows[row]);
  }

  @Override
  public void logProbabilities(int row, int[] ids, double[] out) {
    LogSoftmax.of(rows[row], ids, out);
  }

  @Override
  public void copy(int row, float[] out) {
    System.arraycopy(rows[row], 0, out, 0, out.length);
  }
}
