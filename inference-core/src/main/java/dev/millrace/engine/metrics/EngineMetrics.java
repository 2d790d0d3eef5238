package dev.millrace.engine.metrics;

/**
 * What the engine reports, each time with the name of the model it speaks of: several models may
 * run in one process. Called on the engine thread, except {@link #failure}, which may come from any
 * thread that submits; must return quickly and never throw.
 */
public interface EngineMetrics {

  /** Reports nothing. */
  EngineMetrics NONE = new EngineMetrics() {};

  /**
   * A step ended.
   *
   * @param model name of the model
   * @param decodeRows rows of sequences that generate
   * @param prefillRows rows of prompts
   * @param nanos its duration
   */
  default void step(String model, int decodeRows, int prefillRows, long nanos) {}

  /**
   * A request ended.
   *
   * @param model name of the model
   * @param prefixTokens tokens of its prefix
   * @param cachedTokens those found in the prefix index
   * @param suffixTokens tokens prefilled by branches
   * @param generatedTokens tokens generated
   * @param queueNanos time it waited
   * @param totalNanos time from submission to the end
   */
  default void request(
      String model,
      int prefixTokens,
      int cachedTokens,
      int suffixTokens,
      int generatedTokens,
      long queueNanos,
      long totalNanos) {}

  /** Branches that failed, by reason. */
  default void failure(String model, String reason) {}

  /** Counts after a step. */
  default void load(String model, int waitingRequests, int runningRequests, int kvBlocksFree) {}
}
