package dev.millrace.engine;

/** The engine cannot start or go on: a broken model directory, device or limit. */
public class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message that says what was done, to what, found against expected, and what to do. */
  public EngineException(String message) {
    super(message);
  }

  /** The same, with its cause. */
  public EngineException(String message, Throwable cause) {
    super(message, cause);
  }
}
