package dev.millrace.engine.scheduling;

/**
 * What a row of logits is wanted for. The engine answers each use between {@link Scheduler#plan}
 * and {@link Scheduler#complete}.
 */
public sealed interface LogitUse {

  /** Index into the step's logit rows; several uses may share one. */
  int row();

  /** Choose the branch's next token and tell it by {@link GeneratingBranch#accept}. */
  record ChooseToken(int row, GeneratingBranch branch) implements LogitUse {}

  /**
   * Look up log-probabilities for the branch's {@link ScoringBranch#scores}.
   *
   * @param node node of the label trie
   * @param edgeRow index of the row's token in the node's edge
   */
  record ScoreLabels(int row, ScoringBranch branch, int node, int edgeRow) implements LogitUse {}
}
