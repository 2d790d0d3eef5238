package dev.millrace.flink;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.Backoff;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * How often and how long a document is tried.
 *
 * @param deadline of an attempt
 * @param max attempts that may miss it before the document is rejected
 * @param unknownSchemaGrace how long an unknown schema id is asked for again
 * @param backoff wait before the next attempt
 */
record Attempts(Duration deadline, int max, Duration unknownSchemaGrace, Backoff backoff) {

  /**
   * What becomes of a document that is not tried again; empty if it is.
   *
   * @param deferral of the latest attempt, which has not lost the engine
   * @param attempt its number, from 1; only those that missed their deadline count
   * @param elapsed since the first began
   */
  Optional<Outcome.Rejected> exhausted(Deferral deferral, int attempt, Duration elapsed) {
    return switch (deferral.cause()) {
      case UNKNOWN_SCHEMA ->
          elapsed.compareTo(unknownSchemaGrace) >= 0
              ? Optional.of(new Outcome.Rejected(RejectReason.UNKNOWN_SCHEMA, deferral.message()))
              : Optional.empty();
      case DEADLINE ->
          attempt >= max
              ? Optional.of(
                  new Outcome.Rejected(
                      RejectReason.DEADLINE,
                      String.format(
                          Locale.ROOT,
                          "%d attempts took longer than processing.deadline = %s",
                          attempt,
                          deadline)))
              : Optional.empty();
      case ENGINE_LOST, OVERLOADED, CANCELLED, REGISTRY_UNAVAILABLE -> Optional.empty();
    };
  }
}
