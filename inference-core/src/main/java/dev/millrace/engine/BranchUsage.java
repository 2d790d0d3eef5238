package dev.millrace.engine;

/**
 * Tokens of one branch.
 *
 * @param suffixTokens tokens prefilled for this branch alone: suffix, and trie tokens of label sets
 * @param generatedTokens tokens generated, the stop token included
 */
public record BranchUsage(int suffixTokens, int generatedTokens) {
  /** Nothing. */
  public static final BranchUsage NONE = new BranchUsage(0, 0);
}
