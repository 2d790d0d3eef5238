package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.BlockTable;
import dev.millrace.engine.cache.Reservation;
import java.util.Arrays;
import java.util.List;

/** A request's prefix while it is prefilled, and its blocks until all branches have forked. */
final class PrefixSequence extends Sequence {
  private int published;

  PrefixSequence(ScheduledRequest request, BlockTable table, Reservation pays, int cachedTokens) {
    super(
        request,
        table,
        pays,
        cachedTokens,
        Arrays.copyOfRange(request.prefix(), cachedTokens, request.prefix().length));
  }

  /** Blocks announced as computed so far; from now on {@code blocks}. */
  int published(int blocks) {
    int before = published;
    published = blocks;
    return before;
  }

  @Override
  boolean wantsLogits(int feedRow) {
    return feedRow == feedLength() - 1 && request().hasEmptySuffix();
  }

  @Override
  void uses(int feedRow, int logitsRow, List<LogitUse> uses) {
    for (ScheduledBranch branch : request().branches()) {
      if (branch.suffix().length == 0) {
        uses.add(branch.firstUse(logitsRow));
      }
    }
  }
}
