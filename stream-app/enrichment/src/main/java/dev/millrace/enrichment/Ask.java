package dev.millrace.enrichment;

import dev.millrace.engine.request.Branch;

/**
 * A branch of a request, and what its answer is for.
 *
 * @param task which task asks
 * @param role what the answer means
 * @param number which of the task's questions it answers, from 0
 * @param branch what the engine is asked
 */
record Ask(Task task, Role role, int number, Branch branch) {

  /** What an answer means. */
  enum Role {
    /** A text that goes into the record. */
    TEXT,
    /** Scores of the task's alternatives, in their order. */
    SCORES,
    /** Text that names violated categories, beside the scores of the verdict. */
    CATEGORIES
  }
}
