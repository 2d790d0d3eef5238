package dev.millrace.streams.processor;

import dev.millrace.records.SourceRecord;

/**
 * A consumed record as it lies in the pending store, and its history.
 *
 * @param record as it was consumed; it has a value
 * @param firstSeenMillis wall clock when it was consumed
 * @param attempts attempts that ended at their deadline
 * @param plan fingerprint of the plans and models when it was consumed; {@link #UNKNOWN_PLAN} if an
 *     earlier version stored it
 * @param restarts processes that ended while it was in flight
 */
public record Envelope(
    SourceRecord record, long firstSeenMillis, int attempts, long plan, Restarts restarts) {
  /** Of a document that an earlier version stored. */
  static final long UNKNOWN_PLAN = 0;

  /** Whether it was consumed under other plans or models than those of a fingerprint. */
  boolean planDiffers(long present) {
    return plan != UNKNOWN_PLAN && plan != present;
  }

  /** The same after one more attempt. */
  Envelope afterAttempt() {
    return new Envelope(record, firstSeenMillis, attempts + 1, plan, restarts);
  }

  /** The same with another history. */
  Envelope with(Restarts other) {
    return new Envelope(record, firstSeenMillis, attempts, plan, other);
  }
}
