package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.BlockTable;
import java.util.ArrayList;
import java.util.List;

/**
 * What requests hold, counted anew from the requests themselves: to be compared with the counts
 * that are kept on the way.
 *
 * @param tables of all sequences
 * @param promised blocks that reservations may still take
 * @param started prefixes and branches that have blocks
 */
record BlockAudit(List<BlockTable> tables, int promised, int started) {

  /**
   * Counts.
   *
   * @param prefixes those that are being computed
   */
  static BlockAudit of(Iterable<ScheduledRequest> unfinished, int prefixes) {
    List<BlockTable> tables = new ArrayList<>();
    int promised = 0;
    int started = prefixes;
    for (ScheduledRequest request : unfinished) {
      if (request.prefixSequence == null || request.reservation == null) {
        continue;
      }
      tables.add(request.prefixSequence.table());
      promised += request.reservation.remaining();
      for (ScheduledBranch branch : request.branches()) {
        if (branch.sequence != null) {
          started++;
          tables.add(branch.sequence.table());
          promised += branch.sequence.reservation().remaining();
        }
        if (branch instanceof ScoringBranch scoring) {
          scoring.nodes().forEach(node -> tables.add(node.table()));
        }
      }
    }
    return new BlockAudit(List.copyOf(tables), promised, started);
  }
}
