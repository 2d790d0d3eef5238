package dev.millrace.streams.processor;

import dev.millrace.records.SourceRecord;

/**
 * A consumed record as it lies in the pending store, and its history.
 *
 * @param record as it was consumed; it has a value
 * @param firstSeenMillis wall clock when it was consumed
 * @param attempts attempts that ended at their deadline
 * @param restarts processes that ended while it was in flight
 */
public record Envelope(SourceRecord record, long firstSeenMillis, int attempts, Restarts restarts) {

  /** The same after one more attempt. */
  Envelope afterAttempt() {
    return new Envelope(record, firstSeenMillis, attempts + 1, restarts);
  }

  /** The same with another history. */
  Envelope with(Restarts other) {
    return new Envelope(record, firstSeenMillis, attempts, other);
  }
}
