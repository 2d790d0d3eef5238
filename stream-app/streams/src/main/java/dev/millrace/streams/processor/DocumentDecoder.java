package dev.millrace.streams.processor;

import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Turns the bytes of a record into a document. Thread-safe; may wait for the registry. */
@FunctionalInterface
public interface DocumentDecoder {

  /**
   * Never throws for what the bytes are.
   *
   * @param id where the record came from; names a document that has no name of its own
   */
  Decoded decode(PendingId id, String topic, byte @Nullable [] key, Headers headers, byte[] value);
}
