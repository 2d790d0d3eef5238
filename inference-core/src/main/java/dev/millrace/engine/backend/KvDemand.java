package dev.millrace.engine.backend;

import java.util.Locale;

/**
 * Memory for keys and values that a model will ask for.
 *
 * @param block extents of a cache of one block
 * @param blocks number of blocks; 0 if the backend says how many are prudent, at least one
 */
public record KvDemand(KvShape block, int blocks) {

  /** Refuses another shape than that of one block, and a negative number. */
  public KvDemand {
    if (block.blocks() != 1 || blocks < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a demand has the shape of one block and 0 or more blocks, got %s and %d",
              block,
              blocks));
    }
  }

  /** The least that will do. */
  public int leastBlocks() {
    return Math.max(1, blocks);
  }

  /** A cache of so many blocks. */
  public KvShape shape(int count) {
    return block.withBlocks(count);
  }
}
