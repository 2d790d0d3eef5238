package dev.millrace.release;

/** Why no release can be made of what is there; the message says what to change. */
public final class ReleaseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ReleaseException(String message) {
    super(message);
  }
}
