package dev.millrace.engine.cache;

import java.util.Arrays;

/**
 * The local blocks of one sequence: for each block of its beginning that can still be seen, one.
 * Owned by the engine thread.
 */
final class LocalTable {
  private static final int[] EMPTY = {};
  private final LocalBlocks owner;
  private int[] blocks = EMPTY;
  private int first;

  LocalTable(LocalBlocks owner) {
    this.owner = owner;
  }

  /**
   * A table as long as the sequence; entries that cannot be seen any more name the first block that
   * can. A new array after each change.
   */
  int[] blocks() {
    return blocks;
  }

  /** Shares what of the beginning a token after it sees; the index knows it. */
  void share(int[] full, int count, int tokens) {
    blocks = new int[count];
    first = Math.min(count, owner.firstBlock(tokens));
    for (int i = first; i < count; i++) {
      blocks[i] = owner.localOf(full[i]);
      owner.pool().retain(blocks[i]);
    }
    fill();
  }

  void grow(int wanted) {
    int size = blocks.length;
    if (wanted > size) {
      blocks = Arrays.copyOf(blocks, wanted);
      for (int i = size; i < wanted; i++) {
        blocks[i] = owner.take();
      }
      fill();
    }
  }

  /** Gives back what a token at {@code position}, and all after it, cannot see. */
  void trim(int position) {
    int seen = Math.min(blocks.length, owner.firstBlock(position));
    if (seen > first) {
      for (int i = seen - 1; i >= first; i--) {
        owner.pool().release(blocks[i]);
      }
      blocks = blocks.clone();
      first = seen;
      fill();
    }
  }

  private void fill() {
    if (first > 0) {
      Arrays.fill(blocks, 0, first, first < blocks.length ? blocks[first] : 0);
    }
  }

  /** As {@link BlockTable#fork}. */
  LocalTable fork(int tokens, BlockCopies copies) {
    LocalTable child = new LocalTable(owner);
    int full = tokens / owner.pool().blockTokens();
    child.blocks = Arrays.copyOf(blocks, full);
    child.first = Math.min(full, Math.max(first, owner.firstBlock(tokens)));
    for (int i = child.first; i < full; i++) {
      owner.pool().retain(child.blocks[i]);
    }
    child.fill();
    if (full * owner.pool().blockTokens() < tokens) {
      child.grow(full + 1);
      copies.add(blocks[full], child.blocks[full]);
    }
    return child;
  }

  LocalTable move() {
    LocalTable moved = new LocalTable(owner);
    moved.blocks = blocks;
    moved.first = first;
    blocks = EMPTY;
    first = 0;
    return moved;
  }

  void release() {
    for (int i = blocks.length - 1; i >= first; i--) {
      owner.pool().release(blocks[i]);
    }
    blocks = EMPTY;
    first = 0;
  }

  /** Keeps a block's local part with what the index knows. */
  void attach(int index, int full) {
    if (index >= first && index < blocks.length) {
      owner.attach(full, blocks[index]);
    }
  }

  int[] held() {
    return Arrays.copyOfRange(blocks, first, blocks.length);
  }
}
