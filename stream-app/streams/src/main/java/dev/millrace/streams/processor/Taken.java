package dev.millrace.streams.processor;

/** What becomes of documents that were taken before and are read again. */
public enum Taken {
  /** Nothing: each has its outcome, or is pending. */
  SKIP,
  /** Each is enriched again and gets another outcome. */
  AGAIN
}
