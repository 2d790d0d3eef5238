package dev.millrace.engine;

/** Cancels one request. Thread-safe. */
public interface RequestHandle {
  /** Ends unfinished branches with {@link BranchResult.Reason#CANCELLED}. Idempotent. */
  void cancel();
}
