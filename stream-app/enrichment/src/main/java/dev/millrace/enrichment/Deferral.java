package dev.millrace.enrichment;

/**
 * Why a document has no outcome yet, through no fault of its own: keep it and try again.
 *
 * @param cause what stands in the way
 * @param message found against expected; never the document's text
 */
public record Deferral(Cause cause, String message) {

  /** What stands in the way. */
  public enum Cause {
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
    UNKNOWN_SCHEMA
  }
}
