package dev.millrace.engine.architecture;

import java.util.Arrays;

/**
 * Rotation of q and k by their position. Whatever scaling a configuration asks for is in the
 * frequencies already.
 *
 * @param frequencies radians per position of each pair, [D / 2]; empty: no rotation
 * @param pairing which elements form a pair
 */
public record RotaryEmbedding(double[] frequencies, Pairing pairing) {

  /** No rotation. */
  public static final RotaryEmbedding NONE =
      new RotaryEmbedding(new double[0], Pairing.INTERLEAVED);

  /** Copies the frequencies. */
  public RotaryEmbedding {
    frequencies = frequencies.clone();
  }

  @Override
  public double[] frequencies() {
    return frequencies.clone();
  }

  /** Number of pairs. */
  int pairs() {
    return frequencies.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RotaryEmbedding that
        && Arrays.equals(frequencies, that.frequencies)
        && pairing == that.pairing;
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(frequencies) + pairing.hashCode();
  }

  /** Which elements of a head are rotated together. */
  public enum Pairing {
    /** (2j, 2j + 1): Llama 4. */
    INTERLEAVED,
    /** (j, j + D / 2): most others. */
    HALVES
  }
}
