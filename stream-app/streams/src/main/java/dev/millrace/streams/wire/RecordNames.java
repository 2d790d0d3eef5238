package dev.millrace.streams.wire;

import dev.millrace.streams.processor.Envelope;
import dev.millrace.streams.processor.PendingId;

/** The id of a document that states none. Immutable. */
final class RecordNames {

  private RecordNames() {}

  /** The record's key if it is text, else {@code topic-partition-offset}. */
  static String documentId(PendingId id, Envelope record) {
    byte[] key = record.key();
    if (key != null) {
      String text = StrictUtf8.decode(key).orElse("");
      if (!text.isBlank()) {
        return text;
      }
    }
    return record.topic() + "-" + id.partition() + "-" + id.offset();
  }
}
