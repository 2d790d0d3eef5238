package dev.millrace.streams.processor;

import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A consumed record as it lies in the pending store: untouched bytes and what is known about them.
 *
 * @param topic where it was read
 * @param timestamp of the record, milliseconds
 * @param firstSeenMillis wall clock when it was consumed
 * @param attempts attempts that ended at their deadline
 * @param restarts processes that ended while it was in flight
 * @param key of the record
 * @param headers of the record; treated as immutable
 * @param value of the record
 */
public record Envelope(
    String topic,
    long timestamp,
    long firstSeenMillis,
    int attempts,
    Restarts restarts,
    byte @Nullable [] key,
    Headers headers,
    byte[] value) {

  /** The same after one more attempt. */
  Envelope afterAttempt() {
    return new Envelope(
        topic, timestamp, firstSeenMillis, attempts + 1, restarts, key, headers, value);
  }

  /** The same with another history. */
  Envelope with(Restarts other) {
    return new Envelope(topic, timestamp, firstSeenMillis, attempts, other, key, headers, value);
  }
}
