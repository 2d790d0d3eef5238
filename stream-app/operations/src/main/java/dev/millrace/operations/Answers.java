package dev.millrace.operations;

import java.util.concurrent.ExecutionException;

/** What Kafka's clients answer in futures. Stateless. */
public final class Answers {
  private Answers() {}

  /** What the broker, or the client, said: not that a future had a fault. */
  public static Throwable cause(ExecutionException e) {
    return e.getCause() == null ? e : e.getCause();
  }

  /**
   * An answer that says no.
   *
   * @param doing what was asked for, after "cannot"
   */
  public static OperationException failed(String doing, ExecutionException e) {
    Throwable cause = cause(e);
    return new OperationException("cannot %s: %s".formatted(doing, cause.getMessage()), cause);
  }
}
