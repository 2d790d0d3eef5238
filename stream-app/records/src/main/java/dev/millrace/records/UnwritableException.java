package dev.millrace.records;

/**
 * Nothing can be written of a record, not even that it was rejected: the dead-letter topic takes
 * too little. Only who raises that can help.
 */
public final class UnwritableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * @param message says what has which size, and what to do
   */
  public UnwritableException(String message) {
    super(message);
  }
}
