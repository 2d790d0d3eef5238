package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.Logits;

/** Logits rounded to float, so that every question about a row is answered from the same values. */
final class HostLogits implements Logits {

  private final int vocabulary;
  private final float[][] rows;

  HostLogits(int vocabulary, float[][] rows) {
    this.vocabulary = vocabulary;
    this.rows = rows;
  }

  @Override
  public int rows() {
    return rows.length;
  }

  @Override
  public int vocabulary() {
    return vocabulary;
  }

  @Override
  public int argmax(int row) {
    float[] values = rows[row];
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  @Override
  public void logProbabilities(int row, int[] ids, double[] out) {
    float[] values = rows[row];
    double max = values[argmax(row)];
    double sum = 0;
    for (float value : values) {
      sum += StrictMath.exp(value - max);
    }
    double logSum = max + StrictMath.log(sum);
    for (int i = 0; i < ids.length; i++) {
      out[i] = values[ids[i]] - logSum;
    }
  }

  @Override
  public void copy(int row, float[] out) {
    System.arraycopy(rows[row], 0, out, 0, vocabulary);
  }
}
