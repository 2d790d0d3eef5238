package dev.millrace.engine.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.IntUnaryOperator;

/**
 * Blocks of the layers that see only a part of a sequence: a sequence gives back what none of its
 * tokens will see. What the prefix index knows keeps its local block as long as nobody needs it for
 * something else.
 *
 * <p>Memory is promised by quota: a request says how many local blocks it and its branches hold at
 * most, and all that is promised fits the pool; so a block that is wanted is always there, whoever
 * shares which. Owned by the engine thread.
 */
public final class LocalBlocks {
  private static final int NONE = KvBlockPool.NONE;

  private final KvBlockPool pool;
  private final IntUnaryOperator firstVisible;
  private final int[] localOf;
  private final int[] fullOf;
  private int promised;

  /**
   * Nothing held.
   *
   * @param blocks number of local blocks
   * @param blockTokens tokens of a block, of either kind
   * @param fullBlocks number of the other blocks
   * @param firstVisible least position that a token at a position sees; never falls
   */
  public LocalBlocks(int blocks, int blockTokens, int fullBlocks, IntUnaryOperator firstVisible) {
    this.firstVisible = firstVisible;
    pool = new KvBlockPool(blocks, blockTokens);
    pool.onEviction(this::forget);
    localOf = new int[fullBlocks];
    fullOf = new int[blocks];
    Arrays.fill(localOf, NONE);
    Arrays.fill(fullOf, NONE);
  }

  /** Number of local blocks. */
  public int blocks() {
    return pool.blocks();
  }

  /** Blocks that sequences hold. */
  public int held() {
    return pool.blocks() - pool.free() - pool.reusable();
  }

  /** Blocks promised to requests. */
  public int promised() {
    return promised;
  }

  /**
   * Promises blocks to a request.
   *
   * @return whether they are there; if not, nothing changed
   */
  public boolean promise(int count) {
    if (count > pool.blocks() - promised) {
      return false;
    }
    promised += count;
    return true;
  }

  /** Takes a promise back; the request holds nothing any more. */
  public void forgo(int count) {
    promised -= count;
    KvBlockPool.require(promised >= 0, "more local blocks given back than were promised");
  }

  /** Index of the first block of a sequence that its token at {@code position} sees. */
  int firstBlock(int position) {
    return firstVisible.applyAsInt(position) / pool.blockTokens();
  }

  KvBlockPool pool() {
    return pool;
  }

  /** A block with one reference. */
  int take() {
    KvBlockPool.require(pool.promise(1), "local blocks were promised twice");
    return pool.take();
  }

  // ---- what the prefix index knows

  /** The local block that belongs to a block of the index, or a negative number. */
  int localOf(int full) {
    return localOf[full];
  }

  /** Keeps a held local block with a block of the index, which has none. */
  void attach(int full, int local) {
    if (localOf[full] == NONE && fullOf[local] == NONE) {
      pool.keep(local);
      localOf[full] = local;
      fullOf[local] = full;
    }
  }

  /** The index forgets a block. */
  void detach(int full) {
    int local = localOf[full];
    if (local != NONE) {
      forget(local);
      pool.drop(local);
    }
  }

  private void forget(int local) {
    localOf[fullOf[local]] = NONE;
    fullOf[local] = NONE;
  }

  /**
   * Recounts everything. For tests and diagnosis.
   *
   * @param tables every table that holds blocks, each once
   * @throws IllegalStateException naming the first contradiction
   */
  public void verifyIntegrity(Collection<BlockTable> tables) {
    List<int[]> held = new ArrayList<>();
    for (BlockTable table : tables) {
      held.add(table.heldLocally());
    }
    pool.verify(held);
    KvBlockPool.require(
        held() <= promised,
        String.format(Locale.ROOT, "%d local blocks are held, %d promised", held(), promised));
    for (int local = 0; local < fullOf.length; local++) {
      KvBlockPool.require(
          (fullOf[local] != NONE) == pool.isKept(local), "a kept local block belongs to nobody");
      KvBlockPool.require(
          fullOf[local] == NONE || localOf[fullOf[local]] == local, "a local block is misplaced");
    }
  }
}
