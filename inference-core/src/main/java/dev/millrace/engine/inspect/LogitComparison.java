package dev.millrace.engine.inspect;

/**
 * How far a model's logits are from those that another program computed for the same ids.
 *
 * @param rows ids compared
 * @param largestDifference over all logits; infinite if one of ours is no number
 * @param largestLogit largest magnitude of the other program's
 * @param medianDifference largest difference within a row, of the median row
 * @param farRows rows whose largest difference is beyond the share asked for: of a mixture of
 *     experts in bfloat16, rows in which rounding tipped the choice between two experts
 * @param partRows ids of a step when the same was computed again in parts
 * @param rowsWithOtherBits rows whose logits then had other bits; 0 is the contract
 * @param greedyTokens tokens of the other program's continuation that were compared
 * @param greedySame those that ours agrees with before the first that differs
 */
public record LogitComparison(
    int rows,
    double largestDifference,
    double largestLogit,
    double medianDifference,
    int farRows,
    int partRows,
    int rowsWithOtherBits,
    int greedyTokens,
    int greedySame) {

  /** The largest difference as a share of the largest logit. */
  public double share() {
    return largestDifference / largestLogit;
  }

  /** The median row's difference as a share of the largest logit. */
  public double medianShare() {
    return medianDifference / largestLogit;
  }
}
