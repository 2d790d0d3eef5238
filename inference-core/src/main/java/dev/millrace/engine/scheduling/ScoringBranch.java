package dev.millrace.engine.scheduling;

import dev.millrace.engine.request.Branch;
import dev.millrace.engine.sampling.LabelScores;
import dev.millrace.engine.sampling.LabelTrie;
import java.util.ArrayList;
import java.util.List;

/**
 * A branch that scores labels: prefix and suffix answer for the labels' first tokens, and each trie
 * node with more to compute is a sequence forked from its parent's. Nodes of one depth run in the
 * same steps. Owned by the engine thread.
 */
public final class ScoringBranch extends ScheduledBranch {
  private final LabelTrie trie;
  private final LabelScores scores;
  private final LabelWaves waves;
  private final int blocksMax;
  private final List<NodeSequence> nodes = new ArrayList<>();
  private int nextWave;
  private int unfinishedNodes;

  ScoringBranch(
      ScheduledRequest request, int index, Branch.Score spec, int blockTokens, int labelBlocksMax) {
    super(request, index, spec.suffix());
    trie = LabelTrie.of(spec.labels());
    scores = new LabelScores(trie);
    waves = LabelWaves.of(trie, base(), blockTokens, labelBlocksMax);
    int own = Math.ceilDiv(base(), blockTokens) - request.prefix().length / blockTokens;
    blocksMax = Math.addExact(own, waves.blocksMax());
  }

  /** Where log-probabilities go. */
  public LabelScores scores() {
    return scores;
  }

  LabelTrie trie() {
    return trie;
  }

  /** Sequences of trie nodes that hold blocks. */
  List<NodeSequence> nodes() {
    return nodes;
  }

  /** First nodes of the next wave. All of the last wave's nodes are finished. */
  int[] beginWave() {
    unfinishedNodes = waves.nodesOf(nextWave);
    return waves.firstNodes(nextWave++);
  }

  /**
   * One node of the wave has run.
   *
   * @return whether it was the wave's last
   */
  boolean nodeFinished() {
    return --unfinishedNodes == 0;
  }

  @Override
  public int generatedTokens() {
    return 0;
  }

  @Override
  boolean hasResult() {
    return scores.complete();
  }

  @Override
  int blocksMax() {
    return blocksMax;
  }

  @Override
  LogitUse firstUse(int row) {
    return new LogitUse.ScoreLabels(row, this, 0, 0);
  }
}
