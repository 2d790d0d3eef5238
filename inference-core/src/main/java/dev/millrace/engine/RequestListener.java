package dev.millrace.engine;

import dev.millrace.engine.request.Branch;

/**
 * Hears what becomes of a request. Called on the engine thread (or on the submitting thread, when
 * refused at once): must return quickly and never throw.
 */
public interface RequestListener {

  /** A token of a {@link Branch.Generate} branch was chosen; the stop token is not reported. */
  default void onToken(int branch, int token) {}

  /** A branch ended. Exactly once per branch, in order of completion. */
  void onBranch(int branch, BranchResult result);

  /** All branches ended. Exactly once, after the last {@link #onBranch}. */
  void onRequest(RequestUsage usage);
}
