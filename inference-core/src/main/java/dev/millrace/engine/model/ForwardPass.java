package dev.millrace.engine.model;

import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.StepLayout;

/** One step of a model. The seam between scheduling and arithmetic. Owned by the engine thread. */
public interface ForwardPass extends AutoCloseable {

  /**
   * Runs the step's rows through the model, writing their keys and values into the blocks.
   *
   * @param layout the rows; its blocks exist in this model's cache
   * @param logitRows rows whose logits are wanted, ascending; may be empty
   * @return logits of those rows, valid until the next call
   */
  Logits forward(StepLayout layout, int[] logitRows);

  /** Copies whole blocks, {@code from[i]} to {@code to[i]}. */
  void copyBlocks(int[] from, int[] to);

  /** Vocabulary size. */
  int vocabulary();

  /** Longest context the model was made for, in tokens. */
  int contextTokens();

  @Override
  void close();
}
