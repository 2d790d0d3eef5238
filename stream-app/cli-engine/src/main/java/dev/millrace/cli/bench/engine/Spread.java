package dev.millrace.cli.bench.engine;

import java.util.Arrays;

/**
 * Median and extremes of repeated measurements.
 *
 * @param median the middle one
 * @param low the smallest
 * @param high the largest
 */
record Spread(double median, double low, double high) {

  /** Of at least one value. */
  static Spread of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("a spread needs at least one value");
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Spread(median, sorted[0], sorted[sorted.length - 1]);
  }
}
