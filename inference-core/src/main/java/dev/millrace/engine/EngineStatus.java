package dev.millrace.engine;

/**
 * Counts of one moment.
 *
 * @param state whether it works
 * @param waitingRequests accepted, not admitted
 * @param runningRequests admitted
 * @param kvBlocksTotal blocks of the cache
 * @param kvBlocksFree blocks neither used nor holding a reusable prefix
 */
public record EngineStatus(
    State state, int waitingRequests, int runningRequests, int kvBlocksTotal, int kvBlocksFree) {

  /** Whether the engine works. */
  public enum State {
    /** Accepts requests. */
    RUNNING,
    /** A device or engine fault; accepts nothing. */
    FAILED,
    /** Closed. */
    CLOSED
  }
}
