package dev.millrace.engine.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A set of labels as a path-compressed trie over token ids, so that a shared beginning is computed
 * once. Immutable.
 *
 * <p>Node 0 is the root: the prompt itself. Every other node has an edge of one or more tokens from
 * its parent. Parents come before their children. A label ends at a node; a label that is the
 * beginning of another one ends at an inner node.
 */
public final class LabelTrie {
  private final int[][] edges;
  private final int[] parents;
  private final int[][] children;
  private final int[][] firstTokens;
  private final int[] depths;
  private final int[] endOfLabel;

  private LabelTrie(List<Builder> nodes, int[] endOfLabel) {
    int size = nodes.size();
    edges = new int[size][];
    parents = new int[size];
    children = new int[size][];
    firstTokens = new int[size][];
    depths = new int[size];
    this.endOfLabel = endOfLabel;
    for (int node = 0; node < size; node++) {
      Builder from = nodes.get(node);
      edges[node] = from.edge;
      children[node] = from.children.stream().mapToInt(child -> child.index).toArray();
      firstTokens[node] = from.children.stream().mapToInt(child -> child.edge[0]).toArray();
      for (int child : children[node]) {
        parents[child] = node;
        depths[child] = depths[node] + from.edge.length;
      }
    }
  }

  /**
   * Builds the trie.
   *
   * @param labels token ids, all non-empty and different
   * @throws IllegalArgumentException if two labels are equal or one is empty
   */
  public static LabelTrie of(List<int[]> labels) {
    Builder root = new Builder(new int[0]);
    for (int i = 0; i < labels.size(); i++) {
      root.insert(labels.get(i), i);
    }
    List<Builder> nodes = new ArrayList<>(List.of(root));
    for (int next = 0; next < nodes.size(); next++) {
      nodes.get(next).index = next;
      nodes.addAll(nodes.get(next).children);
    }
    int[] ends = new int[labels.size()];
    for (Builder node : nodes) {
      if (node.label >= 0) {
        ends[node.label] = node.index;
      }
    }
    return new LabelTrie(nodes, ends);
  }

  /** Number of nodes, the root included. */
  public int nodes() {
    return edges.length;
  }

  /** Number of labels. */
  public int labels() {
    return endOfLabel.length;
  }

  /** Tokens between the parent and the node; empty for the root. Not to be written. */
  public int[] edge(int node) {
    return edges[node];
  }

  /** The node before. */
  public int parent(int node) {
    return parents[node];
  }

  /** Nodes after this one. Not to be written. */
  public int[] children(int node) {
    return children[node];
  }

  /** First token of each child's edge. Not to be written. */
  public int[] firstTokens(int node) {
    return firstTokens[node];
  }

  /** Tokens between the root and the beginning of the node's edge. */
  public int depth(int node) {
    return depths[node];
  }

  /** The node at which a label ends. */
  public int endOf(int label) {
    return endOfLabel[label];
  }

  /**
   * Tokens of the edge that must go through the model: all of an inner node's, all but the last of
   * a leaf's, since nothing follows a leaf's last token.
   */
  public int rows(int node) {
    return children[node].length == 0 ? Math.max(0, edges[node].length - 1) : edges[node].length;
  }

  /** Sum of {@link #rows} over all nodes. */
  public int rows() {
    int sum = 0;
    for (int node = 0; node < nodes(); node++) {
      sum += rows(node);
    }
    return sum;
  }

  private static final class Builder {
    int[] edge;
    int label = -1;
    int index;
    List<Builder> children = new ArrayList<>();

    Builder(int[] edge) {
      this.edge = edge;
    }

    void insert(int[] label, int number) {
      if (label.length == 0) {
        throw new IllegalArgumentException("label " + number + " is empty");
      }
      Builder at = this;
      int offset = 0;
      while (offset < label.length) {
        Builder child = at.childFor(label[offset]);
        int common = Arrays.mismatch(child.edge, 0, child.edge.length, label, offset, label.length);
        if (common == 0) {
          child.edge = Arrays.copyOfRange(label, offset, label.length);
          offset = label.length;
        } else {
          if (common > 0 && common < child.edge.length) {
            child.cut(common);
          }
          offset += child.edge.length;
        }
        at = child;
      }
      if (at.label >= 0) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "labels %d and %d have the same tokens", at.label, number));
      }
      at.label = number;
    }

    private Builder childFor(int token) {
      for (Builder child : children) {
        if (child.edge[0] == token) {
          return child;
        }
      }
      Builder child = new Builder(new int[0]);
      children.add(child);
      return child;
    }

    private void cut(int length) {
      Builder rest = new Builder(Arrays.copyOfRange(edge, length, edge.length));
      rest.label = label;
      rest.children = children;
      edge = Arrays.copyOf(edge, length);
      label = -1;
      children = new ArrayList<>(List.of(rest));
    }
  }
}
