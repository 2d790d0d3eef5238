package dev.millrace.engine.cache;

import java.util.Arrays;

/**
 * The blocks of one sequence, in position order. Owned by the engine thread.
 *
 * <p>Blocks that hold a shared beginning may be in several tables; a block that a sequence still
 * writes is in its table alone.
 */
public final class BlockTable {
  private static final int[] EMPTY = {};

  private int[] blocks = EMPTY;

  /** The blocks; borrowed, never written by the caller. A new array after each change. */
  public int[] blocks() {
    return blocks;
  }

  /** Number of blocks. */
  public int size() {
    return blocks.length;
  }

  /**
   * Adds shared blocks at the end.
   *
   * @param shared blocks that are referenced or reusable
   * @param count how many of them
   */
  public void share(KvBlockPool pool, int[] shared, int count) {
    int size = blocks.length;
    blocks = Arrays.copyOf(blocks, size + count);
    for (int i = 0; i < count; i++) {
      pool.retain(shared[i]);
      blocks[size + i] = shared[i];
    }
  }

  /** Takes blocks until {@code tokens} tokens fit. */
  public void grow(KvBlockPool pool, int tokens, Reservation reservation) {
    int size = blocks.length;
    int wanted = pool.blocksFor(tokens);
    if (wanted > size) {
      blocks = Arrays.copyOf(blocks, wanted);
      for (int i = size; i < wanted; i++) {
        blocks[i] = reservation.take();
      }
    }
  }

  /**
   * A table for a sequence that continues this one: full blocks are shared, a partly filled last
   * block is copied.
   *
   * @param tokens tokens that this sequence holds
   * @param reservation pays for the copy
   * @param copies receives the copy, which must happen before either sequence runs again
   */
  public BlockTable fork(
      KvBlockPool pool, int tokens, Reservation reservation, BlockCopies copies) {
    BlockTable child = new BlockTable();
    int full = tokens / pool.blockTokens();
    child.share(pool, blocks, full);
    if (full * pool.blockTokens() < tokens) {
      child.grow(pool, tokens, reservation);
      copies.add(blocks[full], child.blocks[full]);
    }
    return child;
  }

  /** The same blocks in a new table; this one is empty afterwards. */
  public BlockTable move() {
    BlockTable moved = new BlockTable();
    moved.blocks = blocks;
    blocks = EMPTY;
    return moved;
  }

  /**
   * Lets go of all blocks, the last first, so that the beginning of a prefix outlives its end.
   *
   * @return how many became free
   */
  public int release(KvBlockPool pool) {
    int freed = 0;
    for (int i = blocks.length - 1; i >= 0; i--) {
      if (pool.release(blocks[i])) {
        freed++;
      }
    }
    blocks = EMPTY;
    return freed;
  }
}
