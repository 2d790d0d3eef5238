package dev.millrace.streams.processor;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Outcome;

/** What came back for a submitted document. */
sealed interface Answer {

  /** It has an outcome. */
  record Final(Outcome outcome) implements Answer {}

  /** It has none yet, through no fault of its own. */
  record Retry(Deferral deferral) implements Answer {}

  /** A fault of this program: the stream task must stop. */
  record Broken(Throwable fault) implements Answer {}
}
