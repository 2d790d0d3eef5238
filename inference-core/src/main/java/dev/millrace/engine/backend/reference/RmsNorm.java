package dev.millrace.engine.backend.reference;

/** Root-mean-square norm of a row. Pure functions. */
final class RmsNorm {

  private RmsNorm() {}

  /** {@code out = in / sqrt(mean(in^2) + epsilon) * weight}. */
  static void apply(
      double[] in, int inAt, float[] weight, double epsilon, double[] out, int outAt) {
    double scale = scale(in, inAt, weight.length, epsilon);
    for (int i = 0; i < weight.length; i++) {
      out[outAt + i] = in[inAt + i] * scale * weight[i];
    }
  }

  /** The same without weight, in place, on {@code size} elements. */
  static void unit(double[] values, int at, int size, double epsilon) {
    double scale = scale(values, at, size, epsilon);
    for (int i = 0; i < size; i++) {
      values[at + i] *= scale;
    }
  }

  private static double scale(double[] values, int at, int size, double epsilon) {
    double squares = 0;
    for (int i = 0; i < size; i++) {
      squares += values[at + i] * values[at + i];
    }
    return 1 / StrictMath.sqrt(squares / size + epsilon);
  }
}
