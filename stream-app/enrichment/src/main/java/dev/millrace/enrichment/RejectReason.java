package dev.millrace.enrichment;

/** Why a document ends as a dead letter. Names are a contract: alerts and re-drives use them. */
public enum RejectReason {
  /** The record has no value. */
  NULL_VALUE,
  /** The record is larger than the configured limit. */
  TOO_LARGE,
  /** The value does not begin as the wire format says. */
  BAD_FRAMING,
  /** The schema id is not known to the registry, after a grace period. */
  UNKNOWN_SCHEMA,
  /** The bytes do not decode with their schema, or are not the configured format. */
  UNDECODABLE,
  /** A text is no Unicode: not UTF-8, or half a surrogate pair, in any field. */
  INVALID_TEXT,
  /**
   * A required field is missing or empty, a field has a value that no record can hold, or the
   * model's chat template does not take the text.
   */
  INVALID_DOCUMENT,
  /** Its record or tenant names a plan that there is not. */
  UNKNOWN_PLAN,
  /** Longer than the plan allows to read. */
  TOO_LONG,
  /** The model gave no usable answer; it would give the same again. */
  INVALID_ANSWER,
  /** This software failed on the document: a fault of ours, told in the log. */
  INTERNAL_ERROR,
  /** The enrichment does not fit the output topic's record size. */
  OUTCOME_TOO_LARGE,
  /** The deadline passed in every attempt. */
  DEADLINE,
  /** Processes crashed, or ended again and again, with it in flight and nothing beside it. */
  PROCESS_ENDED
}
