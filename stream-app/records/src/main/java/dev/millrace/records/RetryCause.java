package dev.millrace.records;

import dev.millrace.enrichment.Enricher.Deferral;

/** Why a document has to be submitted again. */
public enum RetryCause {
  /** The engine's queue was full. */
  OVERLOADED,
  /** The deadline of the attempt passed. Counted: the attempts are limited. */
  DEADLINE,
  /** Cancelled by its owner. */
  CANCELLED,
  /** The engine is closed or has failed; only a restart helps. */
  ENGINE_LOST,
  /** The registry does not answer, and the document's schema is not cached. */
  REGISTRY_UNAVAILABLE,
  /** The registry does not know the schema id; it may not have seen it yet. */
  UNKNOWN_SCHEMA;

  /** The cause of a deferral. */
  public static RetryCause of(Deferral.Kind kind) {
    return switch (kind) {
      case OVERLOADED -> OVERLOADED;
      case DEADLINE -> DEADLINE;
      case CANCELLED -> CANCELLED;
      case ENGINE_LOST -> ENGINE_LOST;
    };
  }
}
