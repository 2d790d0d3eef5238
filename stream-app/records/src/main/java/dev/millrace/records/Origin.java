package dev.millrace.records;

import java.util.function.Supplier;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * The record that an outcome is about, without its value: only a dead letter needs that, and it may
 * lie on disk.
 *
 * @param position where it was read; null for a record that lies on no topic
 * @param timestamp of the record, milliseconds since 1970
 * @param key of the record
 * @param headers of the record
 * @param value gives the record's value; called at most once for an outcome
 * @param attempts attempts made, the last one included
 */
public record Origin(
    @Nullable SourcePosition position,
    long timestamp,
    byte @Nullable [] key,
    Headers headers,
    Supplier<byte @Nullable []> value,
    int attempts) {

  /** Of a record that is at hand. */
  public static Origin of(SourceRecord record, int attempts) {
    return new Origin(
        record.position(),
        record.timestamp(),
        record.key(),
        record.headers(),
        record::value,
        attempts);
  }

  /** The same without key and headers. */
  Origin bare() {
    return new Origin(position, timestamp, null, new RecordHeaders(), value, attempts);
  }

  /** What stands for the record in logs. */
  String name() {
    return position == null ? "without a position" : position.toString();
  }
}
