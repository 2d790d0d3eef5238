package dev.millrace.engine.cache;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.function.IntConsumer;

/**
 * All blocks of key-value memory: who is free, who is referenced how often, what is promised.
 *
 * <p>A block is <em>referenced</em> (in the tables of one or more sequences), <em>reusable</em>
 * (unreferenced, but its content is kept for the prefix index) or <em>free</em>. Reusable blocks
 * are given out again, oldest first, when no free one is left. Blocks are only taken through a
 * {@link Reservation}, and a reservation is only granted when free and reusable blocks cover it, so
 * that a sequence that started never lacks memory.
 *
 * <p>Owned by the engine thread.
 */
public final class KvBlockPool {
  static final int NONE = -1;

  private final int blockTokens;
  private final int[] references;
  private final boolean[] kept;
  private final int[] free;
  private int freeCount;
  private final int[] newer;
  private final int[] older;
  private int oldest = NONE;
  private int newest = NONE;
  private int reusableCount;
  private int reserved;
  private IntConsumer evictionListener = block -> {};

  /**
   * A pool in which everything is free.
   *
   * @param blocks number of blocks, at least one
   * @param blockTokens tokens of a block, at least one
   */
  public KvBlockPool(int blocks, int blockTokens) {
    if (blocks < 1 || blockTokens < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a pool has blocks and a block has tokens, got %d blocks of %d tokens",
              blocks,
              blockTokens));
    }
    this.blockTokens = blockTokens;
    references = new int[blocks];
    kept = new boolean[blocks];
    newer = new int[blocks];
    older = new int[blocks];
    free = new int[blocks];
    for (int i = 0; i < blocks; i++) {
      free[i] = blocks - 1 - i;
    }
    freeCount = blocks;
  }

  /** Number of blocks. */
  public int blocks() {
    return references.length;
  }

  /** Tokens of a block. */
  public int blockTokens() {
    return blockTokens;
  }

  /** Blocks that hold nothing. */
  public int free() {
    return freeCount;
  }

  /** Unreferenced blocks whose content the prefix index knows. */
  public int reusable() {
    return reusableCount;
  }

  /** Blocks promised to reservations and not taken yet. */
  public int reserved() {
    return reserved;
  }

  /** Blocks that {@code tokens} tokens fill, the last one perhaps partly. */
  public int blocksFor(int tokens) {
    return Math.ceilDiv(tokens, blockTokens);
  }

  /** Sequences that hold the block. */
  public int references(int block) {
    return references[block];
  }

  /** Grants {@code count} blocks, or nothing. */
  boolean promise(int count) {
    if (freeCount + reusableCount - reserved < count) {
      return false;
    }
    reserved += count;
    return true;
  }

  /** Takes back a promise. */
  void forgo(int count) {
    reserved -= count;
    require(reserved >= 0, "more blocks given back than were reserved");
  }

  /** Fulfils one promise. The block has one reference. */
  int take() {
    require(reserved > 0, "a block was taken without a reservation");
    reserved--;
    int block;
    if (freeCount > 0) {
      block = free[--freeCount];
    } else {
      require(oldest != NONE, "a promised block is missing");
      block = oldest;
      unlink(block);
      kept[block] = false;
      evictionListener.accept(block);
    }
    references[block] = 1;
    return block;
  }

  /** One more sequence holds the block, which is referenced or reusable. */
  void retain(int block) {
    if (references[block]++ == 0) {
      require(kept[block], "a free block was retained");
      unlink(block);
    }
  }

  /**
   * One sequence fewer holds the block.
   *
   * @return whether it became free
   */
  boolean release(int block) {
    require(references[block] > 0, "a block was released twice");
    if (--references[block] > 0) {
      return false;
    }
    if (kept[block]) {
      linkNewest(block);
      return false;
    }
    free[freeCount++] = block;
    return true;
  }

  /** From now on the content stays when the last sequence lets go. The block is referenced. */
  void keep(int block) {
    require(references[block] > 0 && !kept[block], "only a referenced block can be kept");
    kept[block] = true;
  }

  /** The content is of no more use. */
  void drop(int block) {
    require(kept[block], "the block is not kept");
    kept[block] = false;
    if (references[block] == 0) {
      unlink(block);
      free[freeCount++] = block;
    }
  }

  boolean isKept(int block) {
    return kept[block];
  }

  /** Who must forget a reusable block before it is given out again. */
  void onEviction(IntConsumer listener) {
    evictionListener = listener;
  }

  private void linkNewest(int block) {
    older[block] = newest;
    newer[block] = NONE;
    if (newest == NONE) {
      oldest = block;
    } else {
      newer[newest] = block;
    }
    newest = block;
    reusableCount++;
  }

  private void unlink(int block) {
    int before = older[block];
    int after = newer[block];
    if (before == NONE) {
      oldest = after;
    } else {
      newer[before] = after;
    }
    if (after == NONE) {
      newest = before;
    } else {
      older[after] = before;
    }
    reusableCount--;
  }

  /**
   * Recounts everything. For tests and diagnosis: time proportional to the pool.
   *
   * @param tables every table that holds blocks, each once
   * @throws IllegalStateException naming the first contradiction
   */
  public void verifyIntegrity(Collection<BlockTable> tables) {
    verify(tables.stream().map(BlockTable::blocks).toList());
  }

  void verify(Collection<int[]> tables) {
    int[] counted = new int[references.length];
    for (int[] table : tables) {
      for (int block : table) {
        counted[block]++;
      }
    }
    if (!Arrays.equals(counted, references)) {
      int block = Arrays.mismatch(counted, references);
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "block %d has %d references, but %d tables hold it",
              block,
              references[block],
              counted[block]));
    }
    int[] seen = new int[references.length];
    for (int i = 0; i < freeCount; i++) {
      seen[free[i]]++;
      require(!kept[free[i]], "a free block is kept");
    }
    int listed = 0;
    for (int block = oldest; block != NONE; block = newer[block]) {
      seen[block]++;
      listed++;
      require(kept[block], "a reusable block is not kept");
    }
    require(listed == reusableCount, "the list of reusable blocks has a wrong length");
    for (int block = 0; block < seen.length; block++) {
      int expected = references[block] == 0 ? 1 : 0;
      require(seen[block] == expected, "block " + block + " is in two states or none");
    }
    require(reserved <= freeCount + reusableCount, "more blocks are promised than there are");
  }

  static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalStateException(message);
    }
  }
}
