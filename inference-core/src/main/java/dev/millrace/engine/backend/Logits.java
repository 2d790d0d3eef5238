package dev.millrace.engine.backend;

/**
 * Logits of the selected rows of one step. Valid until the next {@link ComputeBackend#begin}. A
 * device answers most questions without moving whole rows to the host.
 */
public interface Logits {

  /** Number of selected rows. */
  int rows();

  /** Elements of one row. */
  int vocabulary();

  /** Smallest id with the largest logit. */
  int argmax(int row);

  /**
   * {@code out[i] = logit(row, ids[i]) - log(sum(exp(logit(row, *))))}, natural logarithm.
   *
   * @param ids token ids
   * @param out as long as {@code ids}
   */
  void logProbabilities(int row, int[] ids, double[] out);

  /** Copies a whole row; {@code out} has {@link #vocabulary()} elements. */
  void copy(int row, float[] out);
}
