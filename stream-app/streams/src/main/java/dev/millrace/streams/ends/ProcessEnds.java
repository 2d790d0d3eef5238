package dev.millrace.streams.ends;

/** This process, and how those before it ended. Thread-safe. */
public interface ProcessEnds {

  /** A random number that tells this process from all others. */
  long process();

  /**
   * How another process ended.
   *
   * @param process its number
   */
  ProcessEnd of(long process);

  /**
   * Writes down that a document, or what it did to the engine, is about to end this process. It
   * holds if the process ends because of a fault.
   *
   * @param how in a few words, without text of documents
   */
  void crashing(String how);
}
