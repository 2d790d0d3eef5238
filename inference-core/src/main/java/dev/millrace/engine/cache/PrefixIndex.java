package dev.millrace.engine.cache;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds blocks that already hold the beginning of a prompt.
 *
 * <p>An entry is a whole block: its token ids and the block before it. Entries form chains, found
 * by hash and verified by comparing the tokens, so a match is never wrong. An entry is
 * <em>pending</em> from the moment a prefill is planned until its keys and values are computed: a
 * second request for the same beginning sees that it is being computed and waits for it.
 *
 * <p>Everything lies in arrays of the pool's size: nothing is allocated per token, and the index
 * cannot outgrow the pool. A sequence lets go of a chain from its end, so the least recently used
 * reusable block never has a successor and can be given out at once.
 *
 * <p>Owned by the engine thread. Borrows the pool.
 */
public final class PrefixIndex {
  private static final int NONE = KvBlockPool.NONE;

  private final KvBlockPool pool;
  private final int blockTokens;
  private final int[] tokens;
  private final int[] previous;
  private final int[] successors;
  private final boolean[] ready;
  private final int[] bucketOf;
  private final int[] nextInBucket;
  private final int[] buckets;

  private final @Nullable LocalBlocks local;

  /** An empty index over the pool's blocks, for a model with one kind of blocks. */
  public PrefixIndex(KvBlockPool pool) {
    this(pool, null);
  }

  /**
   * An empty index over the pool's blocks.
   *
   * @param local what of it is kept in local blocks, if there are some
   */
  public PrefixIndex(KvBlockPool pool, @Nullable LocalBlocks local) {
    this.pool = pool;
    this.local = local;
    int blocks = pool.blocks();
    blockTokens = pool.blockTokens();
    tokens = new int[Math.multiplyExact(blocks, blockTokens)];
    previous = new int[blocks];
    successors = new int[blocks];
    ready = new boolean[blocks];
    bucketOf = new int[blocks];
    nextInBucket = new int[blocks];
    buckets = new int[Integer.highestOneBit(Math.max(1, blocks)) * 2];
    Arrays.fill(buckets, NONE);
    pool.onEviction(this::unlink);
  }

  /**
   * What the index knows of a prompt.
   *
   * @param blocks blocks of its beginning, in order, computed ones first
   * @param ready how many of them can be used: they are computed, and what a token after them sees
   *     of them is there
   * @param pending whether part of the beginning is being computed by somebody else
   */
  public record Match(int[] blocks, int ready, boolean pending) {}

  /**
   * Looks up the beginning of a prompt.
   *
   * @param root where its chains begin: keys and values of one root are never those of another
   * @param prompt token ids
   * @param blocksMax most blocks wanted, all of them full
   */
  public Match match(int root, int[] prompt, int blocksMax) {
    int[] found = new int[blocksMax];
    int count = 0;
    int computed = 0;
    int before = start(root);
    while (count < blocksMax) {
      int block = find(before, prompt, count * blockTokens);
      if (block == NONE) {
        break;
      }
      found[count++] = block;
      if (ready[block]) {
        computed = count;
      }
      before = block;
    }
    return new Match(Arrays.copyOf(found, count), usable(found, computed), computed < count);
  }

  /** The longest beginning of computed blocks whose visible part has its local blocks. */
  private int usable(int[] found, int computed) {
    if (local == null) {
      return computed;
    }
    int count = computed;
    while (count > 0) {
      int missing = count - 1;
      int first = local.firstBlock(count * blockTokens);
      while (missing >= first && local.localOf(found[missing]) != NONE) {
        missing--;
      }
      if (missing < first) {
        return count;
      }
      // every longer beginning that sees this block fails, too
      count = Math.min(count - 1, missing);
    }
    return 0;
  }

  /**
   * Forgets the end of a beginning, as far as nobody holds it: so that a request which cannot use
   * it can announce its own.
   *
   * @param from index of the first block to forget
   */
  public void forget(int[] blocks, int from) {
    for (int i = blocks.length - 1; i >= from; i--) {
      int block = blocks[i];
      if (pool.references(block) > 0 || successors[block] > 0) {
        return;
      }
      unlink(block);
      pool.drop(block);
    }
  }

  /**
   * Announces that the whole blocks of {@code table} from {@code from} on will hold {@code prompt}.
   * Stops at the first one that is already known under another block.
   *
   * @param root as for {@link #match}
   * @param from index of the first new block; the ones before it are known
   * @param to index after the last whole block
   */
  public void announce(int root, int[] prompt, int[] table, int from, int to) {
    int before = from == 0 ? start(root) : table[from - 1];
    for (int i = from; i < to; i++) {
      int offset = i * blockTokens;
      if (find(before, prompt, offset) != NONE) {
        return;
      }
      link(before, prompt, offset, table[i]);
      before = table[i];
    }
  }

  /** The block's keys and values are computed; nothing happens if the block is not known. */
  public void markReady(int block) {
    ready[block] = pool.isKept(block);
  }

  /** Whether the block is known and computed. */
  public boolean isReady(int block) {
    return ready[block];
  }

  /**
   * Forgets what was announced of a table and never computed. To be called before a sequence that
   * stops early lets go of its blocks.
   */
  public void withdraw(int[] table) {
    for (int i = table.length - 1; i >= 0; i--) {
      int block = table[i];
      if (pool.isKept(block) && !ready[block]) {
        unlink(block);
        pool.drop(block);
      }
    }
  }

  /** What the first block of a chain has before it: no block, and something for each root. */
  private static int start(int root) {
    return NONE - 1 - root;
  }

  private int find(int before, int[] prompt, int offset) {
    int bucket = hash(before, prompt, offset);
    for (int block = buckets[bucket]; block != NONE; block = nextInBucket[block]) {
      int own = block * blockTokens;
      if (previous[block] == before
          && Arrays.equals(tokens, own, own + blockTokens, prompt, offset, offset + blockTokens)) {
        return block;
      }
    }
    return NONE;
  }

  private void link(int before, int[] prompt, int offset, int block) {
    System.arraycopy(prompt, offset, tokens, block * blockTokens, blockTokens);
    previous[block] = before;
    successors[block] = 0;
    ready[block] = false;
    if (before >= 0) {
      successors[before]++;
    }
    int bucket = hash(before, prompt, offset);
    bucketOf[block] = bucket;
    nextInBucket[block] = buckets[bucket];
    buckets[bucket] = block;
    pool.keep(block);
  }

  private void unlink(int block) {
    KvBlockPool.require(successors[block] == 0, "a block was forgotten before its successor");
    if (local != null) {
      local.detach(block);
    }
    if (previous[block] >= 0) {
      successors[previous[block]]--;
    }
    ready[block] = false;
    int bucket = bucketOf[block];
    if (buckets[bucket] == block) {
      buckets[bucket] = nextInBucket[block];
      return;
    }
    int at = buckets[bucket];
    while (nextInBucket[at] != block) {
      at = nextInBucket[at];
    }
    nextInBucket[at] = nextInBucket[block];
  }

  private int hash(int before, int[] prompt, int offset) {
    long h = (before + 1) * 0x9E3779B97F4A7C15L;
    for (int i = offset; i < offset + blockTokens; i++) {
      h = (h ^ prompt[i]) * 0xFF51AFD7ED558CCDL;
      h ^= h >>> 32;
    }
    return (int) (h ^ (h >>> 29)) & (buckets.length - 1);
  }

  /**
   * Recounts everything. For tests and diagnosis.
   *
   * @throws IllegalStateException naming the first contradiction
   */
  public void verifyIntegrity() {
    int blocks = pool.blocks();
    int[] counted = new int[blocks];
    int known = 0;
    for (int bucket = 0; bucket < buckets.length; bucket++) {
      for (int block = buckets[bucket]; block != NONE; block = nextInBucket[block]) {
        known++;
        KvBlockPool.require(bucketOf[block] == bucket, "block " + block + " is in a wrong bucket");
        KvBlockPool.require(pool.isKept(block), "the index knows block " + block + " of nobody");
        int before = previous[block];
        if (before >= 0) {
          counted[before]++;
          KvBlockPool.require(pool.isKept(before), "block " + block + " follows a forgotten one");
          KvBlockPool.require(
              ready[before] || !ready[block], "block " + block + " is ready before its beginning");
          KvBlockPool.require(
              pool.references(before) > 0 || pool.references(block) == 0,
              "block " + block + " is held, its beginning is not");
        }
        KvBlockPool.require(
            ready[block] || pool.references(block) > 0,
            "block " + block + " is pending and nobody computes it");
      }
    }
    for (int block = 0; block < blocks; block++) {
      if (pool.isKept(block)) {
        known--;
        KvBlockPool.require(
            counted[block] == successors[block], "block " + block + " miscounts its successors");
      }
    }
    KvBlockPool.require(known == 0, "the pool keeps blocks that the index does not know");
  }
}
