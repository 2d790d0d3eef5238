package dev.millrace.records;

/**
 * Turns the bytes of a record into a document. Thread-safe; may wait for the registry.
 *
 * <p>Never throws for what the bytes are.
 */
@FunctionalInterface
public interface DocumentDecoder {

  /** What the record's value turns out to be. */
  Decoded decode(SourceRecord record);
}
