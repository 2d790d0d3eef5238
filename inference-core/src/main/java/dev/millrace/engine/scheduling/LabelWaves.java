package dev.millrace.engine.scheduling;

import dev.millrace.engine.sampling.LabelTrie;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a label trie into groups of the root's children that are scored one group after the other,
 * so that a large label set needs no more key-value blocks at once than allowed (or than its
 * largest single child). Immutable.
 */
final class LabelWaves {
  private final List<int[]> firstNodes = new ArrayList<>();
  private final List<Integer> nodes = new ArrayList<>();
  private int blocksMax;

  private LabelWaves() {}

  /**
   * Plans the waves.
   *
   * @param base tokens before the labels
   * @param blocksMax blocks that one wave should not exceed
   */
  static LabelWaves of(LabelTrie trie, int base, int blockTokens, int blocksMax) {
    int[] blocks = new int[trie.nodes()];
    int[] running = new int[trie.nodes()];
    for (int node = trie.nodes() - 1; node > 0; node--) {
      int rows = trie.rows(node);
      if (rows > 0) {
        int start = Math.addExact(base, trie.depth(node));
        blocks[node] += Math.ceilDiv(start + rows, blockTokens) - start / blockTokens;
        running[node]++;
      }
      int parent = trie.parent(node);
      if (parent != 0) {
        blocks[parent] += blocks[node];
        running[parent] += running[node];
      }
    }
    LabelWaves waves = new LabelWaves();
    List<Integer> group = new ArrayList<>();
    int groupBlocks = 0;
    for (int child : trie.children(0)) {
      if (running[child] == 0) {
        continue;
      }
      if (!group.isEmpty() && groupBlocks + blocks[child] > blocksMax) {
        waves.add(group, groupBlocks, running);
        group.clear();
        groupBlocks = 0;
      }
      group.add(child);
      groupBlocks += blocks[child];
    }
    if (!group.isEmpty()) {
      waves.add(group, groupBlocks, running);
    }
    return waves;
  }

  private void add(List<Integer> group, int groupBlocks, int[] running) {
    firstNodes.add(group.stream().mapToInt(Integer::intValue).toArray());
    nodes.add(group.stream().mapToInt(node -> running[node]).sum());
    blocksMax = Math.max(blocksMax, groupBlocks);
  }

  /** Number of waves. */
  int count() {
    return firstNodes.size();
  }

  /** Children of the root that begin in this wave. */
  int[] firstNodes(int wave) {
    return firstNodes.get(wave);
  }

  /** Nodes of this wave that run, at all depths. */
  int nodesOf(int wave) {
    return nodes.get(wave);
  }

  /** Most blocks that the nodes of one wave take. */
  int blocksMax() {
    return blocksMax;
  }
}
