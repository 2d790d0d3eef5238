package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.BlockTable;
import dev.millrace.engine.cache.Reservation;
import java.util.List;

/** A branch while its suffix is prefilled and while it generates; the root of its label trie. */
final class BranchSequence extends Sequence {
  private final ScheduledBranch branch;

  BranchSequence(ScheduledBranch branch, BlockTable table, Reservation pays, int[] feed) {
    super(branch.request(), table, pays, branch.request().prefix().length, feed);
    this.branch = branch;
  }

  ScheduledBranch branch() {
    return branch;
  }

  @Override
  boolean wantsLogits(int feedRow) {
    return feedRow == feedLength() - 1;
  }

  @Override
  void uses(int feedRow, int logitsRow, List<LogitUse> uses) {
    uses.add(branch.firstUse(logitsRow));
  }
}
