package dev.millrace.engine;

import java.util.List;
import java.util.Locale;

/**
 * One engine call: a prefix that is computed once, and branches that continue it.
 *
 * @param owner for {@link InferenceEngine#cancelAll}; compared by identity
 * @param prefix token ids shared by all branches, at least one
 * @param branches at least one
 * @param deadlineNanos {@link System#nanoTime()} value after which the request fails with {@link
 *     BranchResult.Reason#DEADLINE}; {@link Long#MAX_VALUE} for none
 */
public record InferenceRequest(
    Object owner, int[] prefix, List<Branch> branches, long deadlineNanos) {

  /** Copies the arrays and refuses an empty prefix or no branches. */
  public InferenceRequest {
    prefix = prefix.clone();
    branches = List.copyOf(branches);
    if (prefix.length == 0 || branches.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a request has a prefix and branches, got %d tokens and %d branches",
              prefix.length,
              branches.size()));
    }
  }
}
