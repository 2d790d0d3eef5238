package dev.millrace.engine.backend;

import java.util.Locale;
import java.util.Optional;

/** Compares rows of floats and says where they part. Pure functions. */
public final class Verdict {

  private Verdict() {}

  /**
   * Compares row by row.
   *
   * @param what the operation and its extents, for the message
   * @param share how much of a row's largest expected value an element may differ
   * @return what is wrong, or empty
   */
  public static Optional<String> compare(
      String what, float[] expected, float[] found, int width, double share) {
    if (expected.length != found.length) {
      return Optional.of(
          String.format(
              Locale.ROOT, "%s: expected %d values, got %d", what, expected.length, found.length));
    }
    int wrong = 0;
    String first = "";
    for (int row = 0; row < expected.length / width; row++) {
      double largest = 0;
      for (int i = 0; i < width; i++) {
        largest = Math.max(largest, Math.abs(expected[row * width + i]));
      }
      double allowed = Math.max(share * largest, share == 0 ? 0 : 1e-30);
      for (int i = 0; i < width; i++) {
        float e = expected[row * width + i];
        float f = found[row * width + i];
        // not "difference > allowed": that would let NaN pass
        if (!(Math.abs((double) e - f) <= allowed)) {
          if (wrong++ == 0) {
            first =
                String.format(
                    Locale.ROOT,
                    "first difference at [%d,%d] expected %g got %g, allowed %g",
                    row,
                    i,
                    e,
                    f,
                    allowed);
          }
        }
      }
    }
    return wrong == 0
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT, "%s: %s; %d of %d wrong", what, first, wrong, expected.length));
  }

  /** The first element whose bits differ, or empty. */
  static Optional<String> sameBits(String what, float[][] expected, float[][] found) {
    for (int row = 0; row < expected.length; row++) {
      for (int i = 0; i < expected[row].length; i++) {
        int e = Float.floatToRawIntBits(expected[row][i]);
        int f = Float.floatToRawIntBits(found[row][i]);
        if (e != f) {
          return Optional.of(
              String.format(
                  Locale.ROOT,
                  "%s: bits differ at row %d, element %d: %08x (%s) and %08x (%s)",
                  what,
                  row,
                  i,
                  e,
                  expected[row][i],
                  f,
                  found[row][i]));
        }
      }
    }
    return Optional.empty();
  }
}
