package dev.millrace.engine.backend;

/** The device or its library failed; the backend that threw it can only be closed. */
public class BackendException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message that says what was done, to what, found against expected, and what to do. */
  public BackendException(String message) {
    super(message);
  }

  /** The same, with its cause. */
  public BackendException(String message, Throwable cause) {
    super(message, cause);
  }
}
