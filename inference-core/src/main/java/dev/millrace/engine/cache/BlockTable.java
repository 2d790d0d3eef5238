package dev.millrace.engine.cache;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one sequence, in position order. Owned by the engine thread.
 *
 * <p>Blocks that hold a shared beginning may be in several tables; a block that a sequence still
 * writes is in its table alone.
 */
public final class BlockTable {
  private static final int[] EMPTY = {};

  private int[] blocks = EMPTY;
  private @Nullable LocalTable local;

  /** A table for a model with one kind of blocks. */
  public BlockTable() {}

  private BlockTable(@Nullable LocalTable local) {
    this.local = local;
  }

  /** An empty table, with local blocks if there are some. */
  public static BlockTable of(@Nullable LocalBlocks local) {
    return new BlockTable(local == null ? null : new LocalTable(local));
  }

  /**
   * The local blocks, one for each of {@link #blocks}; those that cannot be seen any more are some
   * block that exists. The same as {@link #blocks} if there are none. Borrowed.
   */
  public int[] localBlocks() {
    return local == null ? blocks : local.blocks();
  }

  int[] heldLocally() {
    return local == null ? EMPTY : local.held();
  }

  /** Takes local blocks until {@code tokens} tokens fit. */
  public void growLocal(KvBlockPool pool, int tokens) {
    if (local != null) {
      local.grow(pool.blocksFor(tokens));
    }
  }

  /** Gives back local blocks that a token at {@code position}, and all after it, cannot see. */
  public void trim(int position) {
    if (local != null) {
      local.trim(position);
    }
  }

  /** Keeps the local part of a block that the prefix index knows. */
  public void attachLocal(int index) {
    if (local != null) {
      local.attach(index, blocks[index]);
    }
  }

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
    if (local != null) {
      local.share(blocks, blocks.length, blocks.length * pool.blockTokens());
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
    BlockTable child = new BlockTable(local == null ? null : local.fork(tokens, copies.local()));
    int full = tokens / pool.blockTokens();
    child.blocks = Arrays.copyOf(blocks, full);
    for (int block : child.blocks) {
      pool.retain(block);
    }
    if (full * pool.blockTokens() < tokens) {
      child.grow(pool, tokens, reservation);
      copies.add(blocks[full], child.blocks[full]);
    }
    return child;
  }

  /** The same blocks in a new table; this one is empty afterwards. */
  public BlockTable move() {
    BlockTable moved = new BlockTable(local == null ? null : local.move());
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
    if (local != null) {
      local.release();
    }
    return freed;
  }
}
