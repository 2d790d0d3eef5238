package dev.millrace.engine.scheduling;

/** Looks at the tokens of one branch as they are chosen. Owned by the engine thread. */
@FunctionalInterface
public interface TokenWatch {

  /** Takes in the next token; says whether the branch ends with it. */
  boolean ends(int token);
}
