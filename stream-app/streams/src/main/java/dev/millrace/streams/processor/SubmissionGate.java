package dev.millrace.streams.processor;

/**
 * Whether documents may be handed to the enricher, for all stream tasks of the process.
 * Thread-safe: two flags. What arrives while it is shut stays parked.
 */
public final class SubmissionGate {
  private volatile boolean draining;
  private volatile boolean engineLost;

  /** Nothing is submitted any more; what is in flight may finish. */
  public void drain() {
    draining = true;
  }

  /** The engine answers nothing any more. */
  void engineIsLost() {
    engineLost = true;
  }

  /** Whether the process is about to end in good order. */
  boolean draining() {
    return draining && !engineLost;
  }

  boolean open() {
    return !draining && !engineLost;
  }
}
