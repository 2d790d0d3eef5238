package dev.millrace.engine.model;

import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.StepLayout;
import java.util.Optional;
import java.util.function.IntUnaryOperator;

/** One step of a model. The seam between scheduling and arithmetic. Owned by the engine thread. */
public interface ForwardPass extends AutoCloseable {

  /**
   * Runs the step's rows through the model, writing their keys and values into the blocks.
   *
   * @param layout the rows; its blocks exist in this model's cache
   * @param logitRows rows whose logits are wanted, ascending; may be empty
   * @return logits of those rows, valid until the next call
   * @throws IllegalArgumentException for a layout that does not fit this model: a programmer error
   * @throws dev.millrace.engine.backend.BackendException if the device failed
   */
  Logits forward(StepLayout layout, int[] logitRows);

  /** Copies whole blocks, {@code from[i]} to {@code to[i]}. */
  void copyBlocks(int[] from, int[] to);

  /** Copies whole local blocks; only for a model that has some. */
  default void copyLocalBlocks(int[] from, int[] to) {
    throw new IllegalStateException("this model has no local blocks");
  }

  /** Vocabulary size. */
  int vocabulary();

  /** Most rows of one step. */
  int stepRowsMax();

  /** Extents of the key-value memory: number of blocks and tokens per block. */
  KvShape kv();

  /**
   * Blocks of layers that see only a part of a sequence, if they have blocks of their own.
   *
   * @param shape their number and size
   * @param blocksOfASequence that a sequence holds at most, if what cannot be seen any more is
   *     given back after each step
   * @param firstVisible least position that a token at a position sees
   */
  record LocalKv(KvShape shape, int blocksOfASequence, IntUnaryOperator firstVisible) {}

  /** Local blocks, if there are some. */
  default Optional<LocalKv> localKv() {
    return Optional.empty();
  }

  /** What computes it. */
  BackendInfo backend();

  /** Longest context the model was made for, in tokens. */
  int contextTokens();

  /** Bytes of device memory that the first step will take. */
  default long workBytesToCome() {
    return 0;
  }

  @Override
  void close();
}
