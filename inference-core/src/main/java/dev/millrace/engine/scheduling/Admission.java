package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.BlockTable;
import dev.millrace.engine.cache.KvBlockPool;
import dev.millrace.engine.cache.LocalBlocks;
import dev.millrace.engine.cache.PrefixIndex;
import dev.millrace.engine.cache.Reservation;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a request may start: only if its worst case fits, so that nothing that started is
 * ever taken back. Finds what of its prefix is computed already or right now. Owned by the engine
 * thread.
 */
final class Admission {

  /** What came of an attempt. */
  enum Outcome {
    /** Blocks are reserved and the prefix sequence stands. */
    ADMITTED,
    /** Another request is computing the same beginning in this very step. */
    BEING_COMPUTED,
    /** The worst case does not fit now. */
    NO_MEMORY
  }

  private static final PrefixIndex.Match NOTHING = new PrefixIndex.Match(new int[0], 0, false);

  private final SchedulerLimits limits;
  private final KvBlockPool pool;
  private final PrefixIndex index;
  private final @Nullable LocalBlocks local;

  Admission(
      SchedulerLimits limits, KvBlockPool pool, PrefixIndex index, @Nullable LocalBlocks local) {
    this.local = local;
    this.limits = limits;
    this.pool = pool;
    this.index = index;
  }

  Outcome tryAdmit(ScheduledRequest request) {
    int[] prefix = request.prefix();
    PrefixIndex.Match match = match(request);
    if (match.pending()) {
      return Outcome.BEING_COMPUTED;
    }
    int localPromise = Math.toIntExact(request.localBlocksMax());
    if (local != null && !local.promise(localPromise)) {
      return Outcome.NO_MEMORY;
    }
    BlockTable table = BlockTable.of(local);
    table.share(pool, match.blocks(), match.ready());
    Reservation reservation = Reservation.none(pool);
    if (!reservation.tryAdd(Math.toIntExact(request.blocksMax() - match.ready()))) {
      table.release(pool);
      if (local != null) {
        local.forgo(localPromise);
      }
      return Outcome.NO_MEMORY;
    }
    request.localPromise = localPromise;
    index.forget(match.blocks(), match.ready());
    table.grow(pool, prefix.length, reservation);
    if (limits.prefixCache()) {
      int whole = prefix.length / pool.blockTokens();
      index.announce(request.adapter(), prefix, table.blocks(), match.ready(), whole);
    }
    int cached = match.ready() * pool.blockTokens();
    request.cached(cached);
    request.reservation = reservation;
    request.prefixSequence = new PrefixSequence(request, table, reservation, cached);
    return Outcome.ADMITTED;
  }

  /** Whole blocks only; the last token is computed again if its logits are wanted. */
  private PrefixIndex.Match match(ScheduledRequest request) {
    if (!limits.prefixCache()) {
      return NOTHING;
    }
    int usable = request.prefix().length - (request.hasEmptySuffix() ? 1 : 0);
    return index.match(request.adapter(), request.prefix(), usable / pool.blockTokens());
  }

  /** Publishes the blocks of a prefix that were completed since the last call. */
  void publish(PrefixSequence sequence) {
    int[] blocks = sequence.table().blocks();
    int whole = sequence.position() / pool.blockTokens();
    for (int i = sequence.published(whole); i < whole; i++) {
      index.markReady(blocks[i]);
      if (index.isReady(blocks[i])) {
        sequence.table().attachLocal(i);
      }
    }
  }

  /** The request holds nothing any more. */
  void forgoLocal(ScheduledRequest request) {
    if (local != null) {
      local.forgo(request.localPromise);
      request.localPromise = 0;
    }
  }

  /** Withdraws what a prefix announced and did not compute. */
  void withdraw(PrefixSequence sequence) {
    index.withdraw(sequence.table().blocks());
  }
}
