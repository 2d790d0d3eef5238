package dev.millrace.streams.processor;

/** Turns the bytes of a record into a document. Thread-safe; may wait for the registry. */
@FunctionalInterface
public interface DocumentDecoder {

  /**
   * Never throws for what the bytes are.
   *
   * @param id where the record came from; names a document that has no name of its own
   * @param record the record's bytes
   */
  Decoded decode(PendingId id, Envelope record);
}
