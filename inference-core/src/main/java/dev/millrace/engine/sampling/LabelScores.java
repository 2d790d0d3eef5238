package dev.millrace.engine.sampling;

import java.util.Arrays;
import java.util.Locale;

/**
 * Collects the log-probabilities that a {@link LabelTrie} needs and adds them up per label.
 *
 * <p>A label's score is the sum over its tokens from first to last, in double precision: the same
 * bits as if the label were scored alone, whatever other labels share its beginning.
 *
 * <p>Owned by one thread.
 */
public final class LabelScores {
  private final LabelTrie trie;
  private final double[][] byEdge;
  private int missing;

  /** Nothing known yet. */
  public LabelScores(LabelTrie trie) {
    this.trie = trie;
    byEdge = new double[trie.nodes()][];
    for (int node = 0; node < trie.nodes(); node++) {
      byEdge[node] = new double[trie.edge(node).length];
      Arrays.fill(byEdge[node], Double.NaN);
      missing += byEdge[node].length;
    }
  }

  /**
   * Tokens whose log-probabilities are wanted from a row.
   *
   * @param node whose edge the row belongs to; 0 for the prompt's last row
   * @param row index of the row's token in the edge; 0 for the root
   */
  public int[] questions(int node, int row) {
    int[] edge = trie.edge(node);
    return row + 1 < edge.length ? new int[] {edge[row + 1]} : trie.firstTokens(node);
  }

  /** The answers to {@link #questions}, in its order. */
  public void answer(int node, int row, double[] logProbabilities) {
    int[] edge = trie.edge(node);
    if (row + 1 < edge.length) {
      set(node, row + 1, logProbabilities[0]);
      return;
    }
    int[] children = trie.children(node);
    for (int i = 0; i < children.length; i++) {
      set(children[i], 0, logProbabilities[i]);
    }
  }

  private void set(int node, int token, double value) {
    byEdge[node][token] = value;
    missing--;
  }

  /** Whether every token of every label is known. */
  public boolean complete() {
    return missing == 0;
  }

  /** One sum per label, in the order the trie was built from. */
  public double[] logProbabilities() {
    if (!complete()) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "log-probabilities of %d tokens missing", missing));
    }
    double[] atEnd = new double[trie.nodes()];
    for (int node = 1; node < trie.nodes(); node++) {
      double sum = atEnd[trie.parent(node)];
      for (double value : byEdge[node]) {
        sum += value;
      }
      atEnd[node] = sum;
    }
    double[] scores = new double[trie.labels()];
    for (int label = 0; label < scores.length; label++) {
      scores[label] = atEnd[trie.endOf(label)];
    }
    return scores;
  }
}
