package dev.millrace.engine.backend;

import java.util.Arrays;
import java.util.Locale;

/**
 * How one layer attends. Immutable; equal layers share one instance.
 *
 * @param queryHeads Q
 * @param kvHeads K, divides Q; query head i reads key-value head i / (Q / K)
 * @param headDimension D, even
 * @param rotary inverse frequencies [D / 2] after scaling, or empty for a layer without rotary
 *     embedding
 * @param pairing which elements form a pair
 * @param headNormEpsilon positive: weightless RMS norm of each q and k head after rotation; 0: none
 * @param chunkTokens positive: attend only within the row's chunk of absolute positions; 0: full
 * @param temperature scaling of q by position
 */
public record AttentionSpec(
    int queryHeads,
    int kvHeads,
    int headDimension,
    double[] rotary,
    Pairing pairing,
    float headNormEpsilon,
    int chunkTokens,
    Temperature temperature) {

  /** Copies the frequencies and checks the extents. */
  public AttentionSpec {
    rotary = rotary.clone();
    if (queryHeads < 1 || kvHeads < 1 || queryHeads % kvHeads != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%d key-value heads must divide %d query heads", kvHeads, queryHeads));
    }
    if (headDimension < 2 || headDimension % 2 != 0) {
      throw new IllegalArgumentException("headDimension must be even, got " + headDimension);
    }
    if (rotary.length != 0 && rotary.length != headDimension / 2) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%d inverse frequencies for headDimension %d",
              rotary.length,
              headDimension));
    }
    if (chunkTokens < 0) {
      throw new IllegalArgumentException("chunkTokens must be 0 or more, got " + chunkTokens);
    }
  }

  /** Whether q and k are rotated. */
  public boolean rotates() {
    return rotary.length > 0;
  }

  @Override
  public double[] rotary() {
    return rotary.clone();
  }

  /** Position of the first token that {@code position} may see. */
  public int firstVisible(int position) {
    return chunkTokens == 0 ? 0 : position / chunkTokens * chunkTokens;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AttentionSpec that
        && queryHeads == that.queryHeads
        && kvHeads == that.kvHeads
        && headDimension == that.headDimension
        && Arrays.equals(rotary, that.rotary)
        && pairing == that.pairing
        && Float.compare(headNormEpsilon, that.headNormEpsilon) == 0
        && chunkTokens == that.chunkTokens
        && temperature.equals(that.temperature);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(rotary) + chunkTokens;
  }

  /** Which elements of a head are rotated together. */
  public enum Pairing {
    /** (2j, 2j + 1): Llama 4. */
    INTERLEAVED,
    /** (j, j + D / 2): Hugging Face's Llama 3. */
    HALVES
  }

  /**
   * {@code q *= log(1 + floor((position + 1) / floorScale)) * scale + 1}.
   *
   * @param floorScale tokens per step of the scale; 0 turns it off
   * @param scale weight of the logarithm
   */
  public record Temperature(double floorScale, double scale) {
    /** No scaling. */
    public static final Temperature NONE = new Temperature(0, 0);

    /** Factor of q at {@code position}. */
    public double factor(int position) {
      return floorScale == 0
          ? 1
          : Math.log(1 + Math.floor((position + 1) / floorScale)) * scale + 1;
    }
  }
}
