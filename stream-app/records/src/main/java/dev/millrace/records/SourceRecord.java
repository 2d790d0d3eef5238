package dev.millrace.records;

import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A record that holds a document, as it came: untouched bytes and what is known about them.
 *
 * @param position where it was read; null for a record that lies on no topic
 * @param timestamp of the record, milliseconds since 1970
 * @param key of the record
 * @param headers of the record; treated as immutable
 * @param value of the record
 */
public record SourceRecord(
    @Nullable SourcePosition position,
    long timestamp,
    byte @Nullable [] key,
    Headers headers,
    byte @Nullable [] value) {

  /**
   * The value of a record that has one.
   *
   * @throws IllegalStateException if it has none: such records are refused before they are read
   */
  public byte[] requireValue() {
    if (value == null) {
      throw new IllegalStateException("a record without a value is no document: " + name());
    }
    return value;
  }

  /** What stands for the record in logs: its position, if it has one. */
  public String name() {
    return position == null ? "without a position" : position.toString();
  }
}
