package dev.millrace.engine.backend;

import java.util.List;

/**
 * What one step computes: runs of consecutive tokens of sequences, laid out row after row.
 *
 * @param runs in row order; at most one run per sequence
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
   * Consecutive tokens of one sequence.
   *
   * @param tokens ids, at least one
   * @param position absolute position of the first token; everything before it is in the blocks
   * @param blocks the sequence's block table: block {@code p / blockTokens} holds position {@code
   *     p}; covers at least {@code position + tokens.length} tokens. Blocks that this run writes
   *     belong to this sequence alone
   */
  public record Run(int[] tokens, int position, int[] blocks) {

    /** Refuses an empty run and a negative position. The arrays are borrowed, not copied. */
    public Run {
      if (tokens.length == 0 || position < 0) {
        throw new IllegalArgumentException(
            "a run has at least one token and a position of 0 or more, got %d at %d"
                .formatted(tokens.length, position));
      }
    }
  }
}
