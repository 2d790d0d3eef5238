package dev.millrace.streams.deploy;

/** A broker or registry does not answer, or refuses. The message says which and what to do. */
public final class DeployException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DeployException(String message, Throwable cause) {
    super(message, cause);
  }

  DeployException(String message) {
    super(message);
  }
}
