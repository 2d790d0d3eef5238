package dev.millrace.enrichment;

import dev.millrace.engine.request.Branch;

/**
 * A branch of a request, and what its answer is for.
 *
 * @param task which task asks
 * @param role what the answer means
 * @param branch what the engine is asked
 */
record Ask(Task task, Role role, Branch branch) {

  /** What an answer means. */
  enum Role {
    /** Text of a summary or translation. */
    TEXT,
    /** Scores of a classification's labels, in their order. */
    LABELS,
    /** Scores of the two verdicts: safe, unsafe. */
    VERDICT,
    /** Text that names violated categories. */
    CATEGORIES
  }
}
