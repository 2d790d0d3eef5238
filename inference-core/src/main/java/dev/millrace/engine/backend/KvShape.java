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
 * @param local whether these layers see only a part of what is before a token, so that their blocks
 *     are those of {@link StepLayout.Run#localBlocks}
 */
public record KvShape(
    int layers, int blocks, int blockTokens, int heads, int headDimension, boolean local) {

  /** Extents of layers that see everything before a token. */
  public KvShape(int layers, int blocks, int blockTokens, int heads, int headDimension) {
    this(layers, blocks, blockTokens, heads, headDimension, false);
  }

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

  /** The same with another number of blocks. */
  public KvShape withBlocks(int count) {
    return new KvShape(layers, count, blockTokens, heads, headDimension, local);
  }

  /** The table of a run that says where the positions of these layers lie. */
  public int[] table(StepLayout.Run run) {
    return local ? run.localBlocks() : run.blocks();
  }
}
