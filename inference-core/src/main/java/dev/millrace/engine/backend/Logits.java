package dev.millrace.engine.backend;

import java.util.OptionalInt;

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

  /**
   * The token at a random point among the likeliest ones of a row. Tokens are ordered by falling
   * logit, the smaller id first in a tie; a token weighs {@code exp((logit - largest) /
   * temperature)}; the shortest beginning whose weight reaches {@code topP} of all is kept, and the
   * token in which the share {@code uniform} of its weight falls is the answer.
   *
   * @param temperature positive
   * @param topP in (0, 1]
   * @param uniform in [0, 1)
   * @return empty if this device leaves the choice to the host
   */
  default OptionalInt choose(int row, double temperature, double topP, double uniform) {
    return OptionalInt.empty();
  }
}
