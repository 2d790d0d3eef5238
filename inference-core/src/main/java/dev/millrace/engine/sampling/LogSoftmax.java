package dev.millrace.engine.sampling;

/** Log-probabilities of a row of logits, in double precision and in id order. Stateless. */
public final class LogSoftmax {
  private LogSoftmax() {}

  /** {@code log(sum(exp(logits[i])))}, natural logarithm, summed from the smallest id up. */
  public static double logSumExp(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += StrictMath.exp(logit - max);
    }
    return max + StrictMath.log(sum);
  }

  /**
   * {@code out[i] = logits[ids[i]] - logSumExp(logits)}.
   *
   * @param out as long as {@code ids}
   */
  public static void of(float[] logits, int[] ids, double[] out) {
    double normaliser = logSumExp(logits);
    for (int i = 0; i < ids.length; i++) {
      out[i] = logits[ids[i]] - normaliser;
    }
  }

  /** Smallest id with the largest logit. */
  public static int argmax(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }
}
