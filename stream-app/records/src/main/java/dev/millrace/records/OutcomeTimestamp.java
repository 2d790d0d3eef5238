package dev.millrace.records;

/** Which time the record of an outcome has. */
public enum OutcomeTimestamp {
  /** When it was written: retention counts from there. */
  ENRICHED,
  /** That of the document's record: windows of consumers see the document's time. */
  DOCUMENT
}
