package dev.millrace.streams.processor;

import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.OutputRecord;
import dev.millrace.records.SourceRecord;
import org.jspecify.annotations.Nullable;

/**
 * A consumed record as it lies in the pending store, and its history.
 *
 * @param record as it was consumed
 * @param firstSeenMillis wall clock when it was consumed
 * @param attempts attempts that ended at their deadline
 * @param plan fingerprint of the plans and models when it was consumed; {@link #UNKNOWN_PLAN} if an
 *     earlier version stored it
 * @param restarts processes that ended while it was in flight
 * @param rejected why it is not enriched; its value, headers and timestamp are then those of its
 *     dead letter, which waits until those before it are out; null for a document
 */
public record Envelope(
    SourceRecord record,
    long firstSeenMillis,
    int attempts,
    long plan,
    Restarts restarts,
    @Nullable RejectReason rejected) {
  /** Of a document that an earlier version stored. */
  static final long UNKNOWN_PLAN = 0;

  /** A document. */
  Envelope(SourceRecord record, long firstSeenMillis, int attempts, long plan, Restarts restarts) {
    this(record, firstSeenMillis, attempts, plan, restarts, null);
  }

  /**
   * A dead letter in the place of its document.
   *
   * @param letter with the reason; its key is kept beside, for the order
   */
  static Envelope ofDeadLetter(
      SourceRecord of, OutputRecord letter, RejectReason reason, long firstSeenMillis) {
    return new Envelope(
        new SourceRecord(
            of.position(), letter.timestamp(), letter.key(), letter.headers(), letter.value()),
        firstSeenMillis,
        0,
        UNKNOWN_PLAN,
        Restarts.unknown(),
        reason);
  }

  /** Whether it was consumed under other plans or models than those of a fingerprint. */
  boolean planDiffers(long present) {
    return plan != UNKNOWN_PLAN && plan != present;
  }

  /** The same after one more attempt. */
  Envelope afterAttempt() {
    return new Envelope(record, firstSeenMillis, attempts + 1, plan, restarts, rejected);
  }

  /** The same with another history. */
  Envelope with(Restarts other) {
    return new Envelope(record, firstSeenMillis, attempts, plan, other, rejected);
  }
}
