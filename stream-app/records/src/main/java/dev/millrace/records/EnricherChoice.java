package dev.millrace.records;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Outcome;

/** Which enricher, and so which plan, a document gets. Thread-safe. */
public interface EnricherChoice {

  /** What a document gets. */
  sealed interface Chosen {

    /** An enricher, borrowed. */
    record By(Enricher enricher) implements Chosen {}

    /** None: what was asked for is not there. */
    record None(Outcome.Rejected rejected) implements Chosen {}
  }

  /** Chooses for a document that was read from a record. Must return quickly. */
  Chosen choose(SourceRecord record, Document document);

  /** Cancels what an owner has submitted to any of the enrichers. */
  void cancelAll(Object owner);

  /** The same enricher for all. */
  static EnricherChoice always(Enricher enricher) {
    Chosen chosen = new Chosen.By(enricher);
    return new EnricherChoice() {
      @Override
      public Chosen choose(SourceRecord record, Document document) {
        return chosen;
      }

      @Override
      public void cancelAll(Object owner) {
        enricher.cancelAll(owner);
      }
    };
  }
}
