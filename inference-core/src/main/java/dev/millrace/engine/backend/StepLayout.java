package dev.millrace.engine.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What one step computes: runs of consecutive tokens of sequences, laid out row after row.
 *
 * @param runs in row order; runs of one sequence, if there are several, ascend
 */
public record StepLayout(List<Run> runs) {

  /** Refuses an empty step. */
  public StepLayout {
    runs = List.copyOf(runs);
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("a step has at least one run");
    }
  }

  /** Rows of the step: one per token. */
  public int rows() {
    int rows = 0;
    for (Run run : runs) {
      rows += run.tokens().length;
    }
    return rows;
  }

  /**
   * The layout of some of the rows, for operations that only read keys and values: what is left of
   * a run falls into runs of consecutive tokens.
   *
   * @param rows ascending, at least one
   */
  public StepLayout keep(int[] rows) {
    checkKept(rows);
    List<Run> kept = new ArrayList<>();
    int next = 0;
    int firstRow = 0;
    for (Run run : runs) {
      int endRow = firstRow + run.tokens().length;
      while (next < rows.length && rows[next] < endRow) {
        int first = rows[next] - firstRow;
        int end = first;
        while (next < rows.length && rows[next] == firstRow + end && rows[next] < endRow) {
          next++;
          end++;
        }
        int[] tokens = Arrays.copyOfRange(run.tokens(), first, end);
        kept.add(new Run(tokens, run.position() + first, run.blocks(), run.localBlocks()));
      }
      firstRow = endRow;
    }
    return new StepLayout(kept);
  }

  private void checkKept(int[] rows) {
    int count = rows();
    int least = 0;
    for (int row : rows) {
      if (row < least || row >= count) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "rows to keep ascend from 0 to %d, got %d where %d was the least",
                count - 1,
                row,
                least));
      }
      least = row + 1;
    }
  }

  /**
   * Consecutive tokens of one sequence.
   *
   * @param tokens ids, at least one
   * @param position absolute position of the first token; everything before it is in the blocks
   * @param blocks the sequence's block table: block {@code p / blockTokens} holds position {@code
   *     p}; covers at least {@code position + tokens.length} tokens. Blocks that this run writes
   *     belong to this sequence alone
   * @param localBlocks the same for layers that see only a part of what is before a token, if they
   *     have blocks of their own: an entry before what they see is some block that exists, and is
   *     not read
   */
  public record Run(int[] tokens, int position, int[] blocks, int[] localBlocks) {

    /** A run of a model all of whose layers have the same blocks. */
    public Run(int[] tokens, int position, int[] blocks) {
      this(tokens, position, blocks, blocks);
    }

    /** Refuses an empty run and a negative position. The arrays are borrowed, not copied. */
    public Run {
      if (tokens.length == 0 || position < 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a run has at least one token and a position of 0 or more, got %d at %d",
                tokens.length,
                position));
      }
    }
  }
}
