package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.BlockTable;
import dev.millrace.engine.cache.KvBlockPool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/**
 * The trie nodes of scoring branches on their way through the scheduler: forked from their parents
 * while a step is planned, run like suffixes, given back when the last child has its own blocks.
 * Owned by the scheduler's thread.
 */
final class LabelNodes {
  private final KvBlockPool pool;
  private final Set<Sequence> suffixes;
  private final Deque<Fork> forks = new ArrayDeque<>();
  private final List<NodeSequence> retired = new ArrayList<>();

  /** A trie node that starts from its parent's blocks. */
  private record Fork(ScoringBranch branch, int node, Sequence parent) {}

  /**
   * No nodes yet.
   *
   * @param suffixes where the scheduler keeps what runs like a suffix
   */
  LabelNodes(KvBlockPool pool, Set<Sequence> suffixes) {
    this.pool = pool;
    this.suffixes = suffixes;
  }

  /** The next wave of a branch's nodes wants to be forked from {@code root}. */
  void beginWave(ScoringBranch branch, Sequence root) {
    for (int node : branch.beginWave()) {
      forks.addLast(new Fork(branch, node, root));
    }
  }

  /** Forks what wants to be forked; its blocks are copied before the planned step. */
  void fork(StepPlan plan) {
    while (!forks.isEmpty()) {
      Fork fork = forks.removeFirst();
      Sequence parent = fork.parent();
      BlockTable table =
          parent.table().fork(pool, parent.position(), parent.reservation(), plan.copies());
      NodeSequence node = new NodeSequence(fork.branch(), fork.node(), parent, table);
      fork.branch().nodes().add(node);
      suffixes.add(node);
      if (parent instanceof NodeSequence inner && inner.childForked()) {
        retired.add(inner);
      }
    }
  }

  /** Gives back the nodes whose children were all forked for the step that has run. */
  void discardRetired() {
    retired.forEach(LabelNodes::discard);
    retired.clear();
  }

  /** A node has run to its end: its children want to be forked, or it is given back. */
  void finished(NodeSequence node) {
    suffixes.remove(node);
    ScoringBranch branch = node.branch();
    int children = 0;
    for (int child : branch.trie().children(node.node())) {
      if (branch.trie().rows(child) > 0) {
        forks.addLast(new Fork(branch, child, node));
        children++;
      }
    }
    node.expectForks(children);
    if (children == 0) {
      discard(node);
    }
  }

  /** Forgets a request that is taken out. */
  void drop(ScheduledRequest request) {
    forks.removeIf(fork -> fork.branch().request() == request);
    for (ScheduledBranch branch : request.branches()) {
      if (branch instanceof ScoringBranch scoring) {
        for (NodeSequence node : scoring.nodes()) {
          suffixes.remove(node);
          node.table().release(pool);
        }
        scoring.nodes().clear();
      }
    }
  }

  /** Frees a node's blocks for the next nodes of its branch. */
  private static void discard(NodeSequence node) {
    node.branch().nodes().remove(node);
    node.reservation().takeBack(node.table());
  }
}
