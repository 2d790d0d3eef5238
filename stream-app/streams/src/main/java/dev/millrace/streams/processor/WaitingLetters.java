package dev.millrace.streams.processor;

import dev.millrace.enrichment.Outcome;
import dev.millrace.records.Origin;
import dev.millrace.records.OutcomeRecords;
import dev.millrace.records.OutputRecord;
import dev.millrace.records.SourceRecord;

/**
 * Makes the dead letters that wait in the pending store until the outcomes before them are out. The
 * record that was read may be missing or too large to be stored, so the letter is, ready to be
 * forwarded. Immutable.
 */
final class WaitingLetters {
  /** What an envelope has beside a letter's key, headers and value, generously. */
  static final int MARGIN = 1024;

  private final OutcomeRecords records;

  /**
   * @param records makes letters that are smaller than a record may be by {@link #MARGIN}
   */
  WaitingLetters(OutcomeRecords records) {
    this.records = records;
  }

  /** The letter in the place of its document. */
  Envelope envelope(
      SourceRecord source,
      int attempts,
      Outcome.Rejected rejected,
      long firstSeenMillis,
      long nowMillis) {
    OutputRecord letter = records.route(Origin.of(source, attempts), rejected, nowMillis);
    return Envelope.ofDeadLetter(source, letter, rejected.reason(), firstSeenMillis);
  }
}
