package dev.millrace.records;

/** The id of a document that states none. Immutable. */
final class DefaultId {

  private DefaultId() {}

  /**
   * The record's key if it is text, else {@code topic-partition-offset}; empty if it has neither
   * key nor position. A key that a registry's serialiser has framed is no text, though its bytes
   * may look like one.
   */
  static String of(SourceRecord record) {
    byte[] key = record.key();
    if (key != null && (key.length == 0 || key[0] != 0)) {
      String text = StrictUtf8.decode(key).orElse("");
      if (!text.isBlank()) {
        return text;
      }
    }
    SourcePosition position = record.position();
    return position == null ? "" : position.toString();
  }
}
