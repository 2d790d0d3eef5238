package dev.millrace.streams.processor;

import dev.millrace.enrichment.Outcome;
import dev.millrace.records.RetryCause;

/** What came back for a submitted document. */
sealed interface Answer {

  /** It has an outcome. */
  record Final(Outcome outcome) implements Answer {}

  /** It has none yet, through no fault of its own. */
  record Retry(RetryCause cause, String message) implements Answer {}

  /** A fault of this program: the stream task must stop. */
  record Broken(Throwable fault) implements Answer {}
}
