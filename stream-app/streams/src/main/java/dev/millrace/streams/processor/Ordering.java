package dev.millrace.streams.processor;

/** In which order outcomes are forwarded. */
public enum Ordering {
  /** As they are completed: fastest. */
  NONE,
  /** Outcomes of one key in the order of their documents; documents without a key as completed. */
  KEY,
  /** In the order of the documents; a slow one delays those behind it. */
  PARTITION
}
