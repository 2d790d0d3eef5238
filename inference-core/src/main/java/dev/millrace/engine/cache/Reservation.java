package dev.millrace.engine.cache;

import java.util.Locale;

/**
 * Blocks promised to one request or branch. Owned by the engine thread.
 *
 * <p>Borrows the pool. {@link #close} returns what was not taken; closing twice is harmless.
 */
public final class Reservation implements AutoCloseable {
  private final KvBlockPool pool;
  private int remaining;

  private Reservation(KvBlockPool pool, int remaining) {
    this.pool = pool;
    this.remaining = remaining;
  }

  /** A promise of nothing. */
  public static Reservation none(KvBlockPool pool) {
    return new Reservation(pool, 0);
  }

  /**
   * Asks for blocks.
   *
   * @return whether the pool granted them; if not, nothing changed
   */
  public boolean tryAdd(int blocks) {
    if (!pool.promise(blocks)) {
      return false;
    }
    remaining += blocks;
    return true;
  }

  /** Blocks still promised. */
  public int remaining() {
    return remaining;
  }

  /** Moves part of this promise into one of its own. */
  public Reservation split(int blocks) {
    KvBlockPool.require(
        blocks >= 0 && blocks <= remaining,
        String.format(
            Locale.ROOT, "cannot split %d blocks off a reservation of %d", blocks, remaining));
    remaining -= blocks;
    return new Reservation(pool, blocks);
  }

  /** Takes one block, with one reference. */
  int take() {
    KvBlockPool.require(remaining > 0, "a sequence needs more blocks than its worst case");
    remaining--;
    return pool.take();
  }

  /**
   * Releases a table and keeps what becomes free promised to this reservation.
   *
   * @param table not used afterwards
   */
  public void takeBack(BlockTable table) {
    int freed = table.release(pool);
    KvBlockPool.require(pool.promise(freed), "blocks that just became free are missing");
    remaining += freed;
  }

  @Override
  public void close() {
    pool.forgo(remaining);
    remaining = 0;
  }
}
