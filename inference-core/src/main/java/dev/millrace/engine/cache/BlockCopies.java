package dev.millrace.engine.cache;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Whole-block copies that must happen before the next step. Owned by the engine thread.
 *
 * <p>No block is both source and target, so the order does not matter.
 */
public final class BlockCopies {
  private int[] from = new int[8];
  private int[] to = new int[8];
  private int size;
  private @Nullable BlockCopies local;

  /** Copies of local blocks. */
  public BlockCopies local() {
    if (local == null) {
      local = new BlockCopies();
    }
    return local;
  }

  void add(int source, int target) {
    if (size == from.length) {
      from = Arrays.copyOf(from, 2 * size);
      to = Arrays.copyOf(to, 2 * size);
    }
    from[size] = source;
    to[size++] = target;
  }

  /** Number of copies. */
  public int size() {
    return size;
  }

  public int[] from() {
    return Arrays.copyOf(from, size);
  }

  /** Targets, one per source. */
  public int[] to() {
    return Arrays.copyOf(to, size);
  }

  /** Forgets them all. */
  public void clear() {
    size = 0;
    if (local != null) {
      local.clear();
    }
  }
}
