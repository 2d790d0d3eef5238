package dev.millrace.engine.backend;

import java.util.Locale;

/**
 * Extents of the key-value memory.
 *
 * @param layers layers of the model
 * @param blocks blocks shared by all sequences
 * @param blockTokens tokens of one block
 * @param heads key-value heads
 * @param headDimension elements of one head
 */
public record KvShape(int layers, int blocks, int blockTokens, int heads, int headDimension) {

  /** Refuses extents below one. */
  public KvShape {
    if (layers < 1 || blocks < 1 || blockTokens < 1 || heads < 1 || headDimension < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "extents must be at least 1, got layers=%d blocks=%d blockTokens=%d heads=%d "
                  + "headDimension=%d",
              layers,
              blocks,
              blockTokens,
              heads,
              headDimension));
    }
  }
}
