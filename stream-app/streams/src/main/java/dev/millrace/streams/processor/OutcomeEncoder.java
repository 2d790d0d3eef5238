package dev.millrace.streams.processor;

import dev.millrace.enrichment.Enrichment;

/** Turns outcomes into the bytes of output records. Thread-safe; never waits. */
public interface OutcomeEncoder {

  /** The value of a record of the enriched topic. */
  byte[] enriched(Enrichment enrichment, String topic, PendingId source);

  /** The value of a record of the quarantine topic. */
  byte[] quarantined(Enrichment enrichment, String topic, PendingId source);

  /** The value of a record of the dead-letter topic. */
  byte[] deadLetter(DeadLetter letter);
}
