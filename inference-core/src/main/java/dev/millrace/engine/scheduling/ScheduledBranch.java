package dev.millrace.engine.scheduling;

import org.jspecify.annotations.Nullable;

/** The scheduler's state of one branch. Owned by the engine thread. */
public abstract sealed class ScheduledBranch permits GeneratingBranch, ScoringBranch {
  private final ScheduledRequest request;
  private final int index;
  private final int[] suffix;
  private boolean ended;
  private int prefilledTokens;
  @Nullable BranchSequence sequence;

  ScheduledBranch(ScheduledRequest request, int index, int[] suffix) {
    this.request = request;
    this.index = index;
    this.suffix = suffix;
  }

  /** The request it belongs to. */
  public ScheduledRequest request() {
    return request;
  }

  /** Position among the request's branches. */
  public int index() {
    return index;
  }

  /** Tokens prefilled for this branch alone so far. */
  public int prefilledTokens() {
    return prefilledTokens;
  }

  /** Tokens chosen so far, the stop token included. */
  public abstract int generatedTokens();

  /** Whether the branch has its result or its request was removed. */
  public boolean ended() {
    return ended;
  }

  int[] suffix() {
    return suffix;
  }

  /** Absolute position of the first token after prefix and suffix. */
  int base() {
    return request.prefix().length + suffix.length;
  }

  void end() {
    ended = true;
  }

  void prefilled(int tokens) {
    prefilledTokens += tokens;
  }

  /** Whether nothing is left to compute. */
  abstract boolean hasResult();

  /** Blocks it may take beyond the prefix's full blocks, at worst. */
  abstract int blocksMax();

  /** The question that the row after prefix and suffix answers. */
  abstract LogitUse firstUse(int row);
}
