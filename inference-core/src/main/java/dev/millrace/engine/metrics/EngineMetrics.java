package dev.millrace.engine.metrics;

/**
 * What the engine reports. Called on the engine thread, except {@link #failure}, which may come
 * from any thread that submits; must return quickly and never throw.
 */
public interface EngineMetrics {

  /** Reports nothing. */
  EngineMetrics NONE = new EngineMetrics() {};

  /**
   * A step ended.
   *
   * @param decodeRows rows of sequences that generate
   * @param prefillRows rows of prompts
   * @param nanos its duration
   */
  default void step(int decodeRows, int prefillRows, long nanos) {}

  /**
   * A request ended.
   *
   * @param prefixTokens tokens of its prefix
   * @param cachedTokens those found in the prefix index
   * @param suffixTokens tokens prefilled by branches
   * @param generatedTokens tokens generated
   * @param queueNanos time it waited
   * @param totalNanos time from submission to the end
   */
  default void request(
      int prefixTokens,
      int cachedTokens,
      int suffixTokens,
      int generatedTokens,
      long queueNanos,
      long totalNanos) {}

  /** Branches that failed, by reason. */
  default void failure(String reason) {}

  /** Counts after a step. */
  default void load(int waitingRequests, int runningRequests, int kvBlocksFree) {}
}
