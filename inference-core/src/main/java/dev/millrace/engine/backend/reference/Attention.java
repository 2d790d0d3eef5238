package dev.millrace.engine.backend.reference;

import dev.millrace.engine.architecture.AttentionSpec;

/** Attention of one row over its sequence. Pure functions of the cache. */
final class Attention {

  private Attention() {}

  /** {@code out = softmax(q k^T / sqrt(D)) v} for every head of the row at {@code position}. */
  static void row(
      double[] q,
      int qAt,
      AttentionSpec spec,
      HostKvCache cache,
      int layer,
      int[] table,
      int position,
      double[] out,
      int outAt) {
    int first = spec.firstVisible(position);
    double[] weights = new double[position - first + 1];
    int size = spec.headDimension();
    int group = spec.queryHeads() / spec.kvHeads();
    for (int head = 0; head < spec.queryHeads(); head++) {
      int kvHead = head / group;
      for (int j = 0; j < weights.length; j++) {
        double[] block = cache.block(layer, table, first + j);
        int at = cache.keyAt(first + j, kvHead);
        weights[j] = dot(q, qAt + head * size, block, at, size) / StrictMath.sqrt(size);
      }
      softmax(weights);
      double[] sums = new double[size];
      for (int j = 0; j < weights.length; j++) {
        double[] block = cache.block(layer, table, first + j);
        addScaled(weights[j], block, cache.valueAt(first + j, kvHead), sums);
      }
      System.arraycopy(sums, 0, out, outAt + head * size, size);
    }
  }

  /** Normalised exponentials, in place. */
  static void softmax(double[] values) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      max = Math.max(max, value);
    }
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      values[i] = StrictMath.exp(values[i] - max);
      sum += values[i];
    }
    for (int i = 0; i < values.length; i++) {
      values[i] /= sum;
    }
  }

  private static double dot(double[] a, int aAt, double[] b, int bAt, int size) {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += a[aAt + i] * b[bAt + i];
    }
    return sum;
  }

  private static void addScaled(double factor, double[] values, int at, double[] sums) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += factor * values[at + i];
    }
  }
}
