package dev.millrace.records;

/** The id of a document that states none. Immutable. */
final class DefaultId {

  private DefaultId() {}

  /**
   * The record's key if it is text, else {@code topic-partition-offset}; empty if it has neither
   * key nor position.
   */
  static String of(SourceRecord record) {
    byte[] key = record.key();
    if (key != null) {
      String text = StrictUtf8.decode(key).orElse("");
      if (!text.isBlank()) {
        return text;
      }
    }
    SourcePosition position = record.position();
    return position == null ? "" : position.toString();
  }
}
