package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.BlockCopies;
import dev.millrace.engine.cache.BlockTable;
import dev.millrace.engine.cache.KvBlockPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * What the next step computes. Valid until it is completed; owned by the engine thread.
 *
 * <p>The copies happen first, then one forward pass over the runs, then the uses are answered.
 */
public final class StepPlan {
  private final KvBlockPool pool;
  private final int rowsMax;
  private final BlockCopies copies = new BlockCopies();
  private final List<Run> runs = new ArrayList<>();
  private final List<Sequence> sequences = new ArrayList<>();
  private final List<LogitUse> uses = new ArrayList<>();
  private int[] logitRows = new int[16];
  private int logitRowCount;
  private int rows;
  private int decodeRows;

  StepPlan(KvBlockPool pool, int rowsMax) {
    this.pool = pool;
    this.rowsMax = rowsMax;
  }

  /**
   * Consecutive tokens of one sequence.
   *
   * @param tokens ids; borrowed
   * @param position absolute position of the first one
   * @param blocks the sequence's block table; borrowed
   * @param localBlocks its table of local blocks, or the same; borrowed
   */
  public record Run(int[] tokens, int position, int[] blocks, int[] localBlocks) {}

  /** Block copies that come first. */
  public BlockCopies copies() {
    return copies;
  }

  /** Runs in row order; empty if only copies are due. */
  public List<Run> runs() {
    return Collections.unmodifiableList(runs);
  }

  /** Rows whose logits are wanted, ascending. */
  public int[] logitRows() {
    return Arrays.copyOf(logitRows, logitRowCount);
  }

  /** What they are wanted for. */
  public List<LogitUse> uses() {
    return Collections.unmodifiableList(uses);
  }

  /** Rows of the step. */
  public int rows() {
    return rows;
  }

  /** Rows of sequences that generate; they come first. */
  public int decodeRows() {
    return decodeRows;
  }

  /** Rows of prompts and labels. */
  public int prefillRows() {
    return rows - decodeRows;
  }

  int budget() {
    return rowsMax - rows;
  }

  List<Sequence> sequences() {
    return sequences;
  }

  void clear() {
    copies.clear();
    runs.clear();
    sequences.clear();
    uses.clear();
    logitRowCount = 0;
    rows = 0;
    decodeRows = 0;
  }

  void addDecode(Sequence sequence) {
    add(sequence);
    decodeRows = rows;
  }

  /** Adds as much of the sequence's remaining tokens as the budget allows. */
  void add(Sequence sequence) {
    int count = Math.min(sequence.remaining(), budget());
    if (count == 0) {
      return;
    }
    int first = sequence.fed();
    int position = sequence.position();
    int[] tokens = sequence.take(count, pool);
    BlockTable table = sequence.table();
    runs.add(new Run(tokens, position, table.blocks(), table.localBlocks()));
    sequences.add(sequence);
    for (int i = 0; i < count; i++) {
      if (sequence.wantsLogits(first + i)) {
        if (logitRowCount == logitRows.length) {
          logitRows = Arrays.copyOf(logitRows, 2 * logitRowCount);
        }
        logitRows[logitRowCount] = rows + i;
        sequence.uses(first + i, logitRowCount++, uses);
      }
    }
    rows += count;
  }

  /** Shares the step's time among the requests by rows; the shares add up to {@code nanos}. */
  void charge(long nanos) {
    long before = 0;
    int passed = 0;
    for (Sequence sequence : sequences) {
      passed += sequence.planned();
      long until = nanos * passed / rows;
      sequence.request().charge(until - before);
      before = until;
    }
  }
}
