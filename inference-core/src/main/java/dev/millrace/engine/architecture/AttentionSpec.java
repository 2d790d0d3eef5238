package dev.millrace.engine.architecture;

import java.util.Locale;

/**
 * How one layer attends: heads of q read heads of k and v, scores are {@code q k^T / sqrt(D)}.
 * Immutable; equal layers share one instance.
 *
 * @param queryHeads Q
 * @param kvHeads K, divides Q; query head i reads key-value head i / (Q / K)
 * @param headDimension D, even
 * @param rotary rotation of q and k
 * @param headNorm norm of the heads of q and k
 * @param visible which positions a row sees
 * @param temperature scaling of q by position
 */
public record AttentionSpec(
    int queryHeads,
    int kvHeads,
    int headDimension,
    RotaryEmbedding rotary,
    HeadNorm headNorm,
    Visible visible,
    Temperature temperature) {

  /** Checks the extents. */
  public AttentionSpec {
    if (queryHeads < 1 || kvHeads < 1 || queryHeads % kvHeads != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%d key-value heads must divide %d query heads", kvHeads, queryHeads));
    }
    if (headDimension < 2 || headDimension % 2 != 0) {
      throw new IllegalArgumentException("headDimension must be even, got " + headDimension);
    }
    if (rotary.pairs() != 0 && rotary.pairs() != headDimension / 2) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%d inverse frequencies for headDimension %d",
              rotary.pairs(),
              headDimension));
    }
  }

  /** Whether q and k are rotated. */
  public boolean rotates() {
    return rotary.pairs() > 0;
  }

  /** Position of the first token that {@code position} may see. */
  public int firstVisible(int position) {
    return visible.first(position);
  }

  /** Elements of the queries of a row: Q * D. */
  public int queryWidth() {
    return queryHeads * headDimension;
  }

  /** Elements of queries, keys and values of a row: (Q + 2K) * D. */
  public int qkvWidth() {
    return (queryHeads + 2 * kvHeads) * headDimension;
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
