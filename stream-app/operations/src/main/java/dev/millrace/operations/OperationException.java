package dev.millrace.operations;

/** A broker or registry does not answer, or refuses. The message says which and what to do. */
public final class OperationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param cause shown to whoever asks for it
   */
  public OperationException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Without a cause. */
  public OperationException(String message) {
    super(message);
  }
}
