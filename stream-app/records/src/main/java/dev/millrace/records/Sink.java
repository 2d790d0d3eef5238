package dev.millrace.records;

/** Which of the output topics a record goes to. */
public enum Sink {
  /** Documents with what was asked. */
  ENRICHED,
  /** Documents that the safety check held back. */
  QUARANTINED,
  /** Documents that cannot be enriched. */
  DEAD_LETTER
}
