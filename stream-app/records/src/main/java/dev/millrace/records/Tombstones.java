package dev.millrace.records;

/** What is done with a record that says that its document is deleted. */
public enum Tombstones {
  /** It becomes a dead letter. */
  REJECT,
  /** It is passed over: counted, and written nowhere. */
  SKIP,
  /** A record of its key without a value is written to the enriched and the quarantine topic. */
  FORWARD
}
