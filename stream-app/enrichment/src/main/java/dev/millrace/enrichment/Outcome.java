package dev.millrace.enrichment;

/** What became of a document. Each input ends in exactly one. */
public sealed interface Outcome {

  /**
   * Everything asked for was done and the document passed the safety check, if one was asked for.
   */
  record Enriched(Enrichment enrichment) implements Outcome {}

  /** The safety check found the document unsafe; what was done is kept with the evidence. */
  record Quarantined(Enrichment enrichment) implements Outcome {}

  /**
   * The document cannot be enriched, now or later.
   *
   * @param reason kind of fault; the word in the dead letter's headers and metrics
   * @param message found against expected; never the document's text
   */
  record Rejected(RejectReason reason, String message) implements Outcome {}

  /**
   * The input says that its document is deleted: there is nothing to enrich.
   *
   * @param forwarded whether readers of the outcomes are told, or it is passed over
   */
  record Deleted(boolean forwarded) implements Outcome {}
}
