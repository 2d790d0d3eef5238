package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.BlockTable;
import java.util.Arrays;
import java.util.List;

/** One node of a label trie: its edge, run after its parent. */
final class NodeSequence extends Sequence {
  private final ScoringBranch branch;
  private final int node;
  private int unforkedChildren;

  /**
   * A node that continues {@code parent}.
   *
   * @param table forked from the parent's
   */
  NodeSequence(ScoringBranch branch, int node, Sequence parent, BlockTable table) {
    super(
        branch.request(),
        table,
        parent.reservation(),
        parent.position(),
        Arrays.copyOf(branch.trie().edge(node), branch.trie().rows(node)));
    this.branch = branch;
    this.node = node;
  }

  ScoringBranch branch() {
    return branch;
  }

  int node() {
    return node;
  }

  /** Children that still need this node's blocks. */
  void expectForks(int children) {
    unforkedChildren = children;
  }

  /**
   * A child has its own blocks.
   *
   * @return whether it was the last one
   */
  boolean childForked() {
    return --unforkedChildren == 0;
  }

  @Override
  boolean wantsLogits(int feedRow) {
    return true;
  }

  @Override
  void uses(int feedRow, int logitsRow, List<LogitUse> uses) {
    uses.add(new LogitUse.ScoreLabels(logitsRow, branch, node, feedRow));
  }
}
