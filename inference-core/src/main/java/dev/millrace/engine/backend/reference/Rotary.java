package dev.millrace.engine.backend.reference;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;

/** Rotary embedding of one head. Pure functions. */
final class Rotary {

  private Rotary() {}

  /**
   * Rotates pair {@code j} of a head by {@code position * frequencies[j]} radians, in place.
   *
   * @param position absolute position
   */
  static void apply(double[] values, int at, double[] frequencies, Pairing pairing, int position) {
    int pairs = frequencies.length;
    for (int j = 0; j < pairs; j++) {
      int first = at + (pairing == Pairing.INTERLEAVED ? 2 * j : j);
      int second = pairing == Pairing.INTERLEAVED ? first + 1 : first + pairs;
      double angle = position * frequencies[j];
      double cos = StrictMath.cos(angle);
      double sin = StrictMath.sin(angle);
      double a = values[first];
      double b = values[second];
      values[first] = a * cos - b * sin;
      values[second] = b * cos + a * sin;
    }
  }

  /**
   * Everything about a head of q or k that depends on its position, norm included.
   *
   * @param norm weight of a learnt norm, else empty
   */
  static void head(
      double[] values,
      int at,
      AttentionSpec spec,
      float[] norm,
      double[] frequencies,
      int position) {
    if (spec.headNorm() instanceof HeadNorm.Learnt(float epsilon)) {
      RmsNorm.apply(values, at, norm, epsilon, values, at);
    }
    if (frequencies.length > 0) {
      apply(values, at, frequencies, spec.rotary().pairing(), position);
    }
    if (spec.headNorm() instanceof HeadNorm.Unit(float epsilon)) {
      RmsNorm.unit(values, at, spec.headDimension(), epsilon);
    }
  }
}
