package dev.millrace.records;

import dev.millrace.enrichment.Enrichment;
import org.jspecify.annotations.Nullable;

/** Turns outcomes into the bytes of output records. Thread-safe; never waits. */
public interface OutcomeEncoder {

  /**
   * The value of a record of the enriched topic.
   *
   * @param source where the document was read; null if on no topic
   */
  byte[] enriched(Enrichment enrichment, @Nullable SourcePosition source);

  /** The value of a record of the quarantine topic. */
  byte[] quarantined(Enrichment enrichment, @Nullable SourcePosition source);

  /** The value of a record of the dead-letter topic. */
  byte[] deadLetter(DeadLetter letter);
}
