package dev.millrace.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LabelTrieTest {

  @Test
  void shouldShareBeginningsAndCutEdgesWhereLabelsPart() {
    LabelTrie trie =
        LabelTrie.of(List.of(new int[] {1, 2, 3}, new int[] {1, 2, 4, 5}, new int[] {7}));

    assertThat(trie.nodes()).isEqualTo(5);
    int shared = trie.children(0)[0];
    assertThat(trie.edge(shared)).containsExactly(1, 2);
    assertThat(trie.firstTokens(0)).containsExactly(1, 7);
    assertThat(trie.firstTokens(shared)).containsExactly(3, 4);
    assertThat(trie.edge(trie.endOf(1))).containsExactly(4, 5);
    assertThat(trie.depth(trie.endOf(1))).isEqualTo(2);
  }

  @Test
  void shouldComputeNothingAfterALeafsLastToken() {
    LabelTrie trie =
        LabelTrie.of(List.of(new int[] {1, 2, 3}, new int[] {1, 2, 4, 5}, new int[] {7}));

    assertThat(trie.rows(trie.endOf(2))).isZero();
    assertThat(trie.rows(trie.endOf(0))).isZero();
    assertThat(trie.rows(trie.endOf(1))).isEqualTo(1);
    assertThat(trie.rows()).as("1 2 and 4").isEqualTo(3);
  }

  @Test
  void shouldAllowALabelThatBeginsAnother() {
    LabelTrie longerFirst = LabelTrie.of(List.of(new int[] {1, 2, 3}, new int[] {1}));
    LabelTrie shorterFirst = LabelTrie.of(List.of(new int[] {1}, new int[] {1, 2, 3}));

    assertThat(longerFirst.parent(longerFirst.endOf(0))).isEqualTo(longerFirst.endOf(1));
    assertThat(shorterFirst.parent(shorterFirst.endOf(1))).isEqualTo(shorterFirst.endOf(0));
  }

  @Test
  void shouldRefuseEqualAndEmptyLabels() {
    assertThatThrownBy(() -> LabelTrie.of(List.of(new int[] {1, 2}, new int[] {1, 2})))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("labels 0 and 1");
    assertThatThrownBy(() -> LabelTrie.of(List.of(new int[] {1}, new int[] {})))
        .hasMessageContaining("label 1 is empty");
  }

  @Test
  void shouldSpellEachLabelAndAddUpItsTokens() {
    for (int seed = 0; seed < 200; seed++) {
      List<int[]> labels = randomLabels(new Random(seed));
      LabelTrie trie = LabelTrie.of(labels);
      LabelScores scores = new LabelScores(trie);
      answerAll(trie, scores);

      double[] sums = scores.logProbabilities();

      for (int label = 0; label < labels.size(); label++) {
        assertThat(spell(trie, trie.endOf(label))).as("seed %d", seed).isEqualTo(labels.get(label));
        double sum = 0;
        for (int i = 0; i < labels.get(label).length; i++) {
          sum += value(Arrays.copyOf(labels.get(label), i + 1));
        }
        assertThat(sums[label]).as("seed %d", seed).isEqualTo(sum);
      }
    }
  }

  @Test
  void shouldRefuseToAddUpBeforeEverythingIsKnown() {
    LabelScores scores = new LabelScores(LabelTrie.of(List.of(new int[] {1, 2})));
    scores.answer(0, 0, new double[] {-1});

    assertThat(scores.complete()).isFalse();
    assertThatThrownBy(scores::logProbabilities).hasMessageContaining("1 tokens missing");
  }

  private static void answerAll(LabelTrie trie, LabelScores scores) {
    for (int node = 0; node < trie.nodes(); node++) {
      int rows = node == 0 ? 1 : trie.rows(node);
      for (int row = 0; row < rows; row++) {
        int[] spelled = spell(trie, node);
        int depth = trie.depth(node) + (node == 0 ? 0 : row + 1);
        int[] before = Arrays.copyOf(spelled, depth);
        int[] ids = scores.questions(node, row);
        double[] answers = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
          int[] after = Arrays.copyOf(before, depth + 1);
          after[depth] = ids[i];
          answers[i] = value(after);
        }
        scores.answer(node, row, answers);
      }
    }
  }

  /** Some number that depends on every token. */
  private static double value(int[] tokens) {
    return -0.001 * (Arrays.hashCode(tokens) & 0xffff) - 0.1;
  }

  private static int[] spell(LabelTrie trie, int node) {
    List<Integer> tokens = new ArrayList<>();
    for (int at = node; at != 0; at = trie.parent(at)) {
      int[] edge = trie.edge(at);
      for (int i = edge.length - 1; i >= 0; i--) {
        tokens.addFirst(edge[i]);
      }
    }
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }

  private static List<int[]> randomLabels(Random random) {
    TreeMap<String, int[]> labels = new TreeMap<>();
    for (int i = random.nextInt(12); i >= 0; i--) {
      int[] label = random.ints(1 + random.nextInt(5), 0, 3).toArray();
      labels.put(Arrays.toString(label), label);
    }
    List<int[]> shuffled = new ArrayList<>(labels.values());
    Collections.shuffle(shuffled, random);
    return shuffled;
  }
}
