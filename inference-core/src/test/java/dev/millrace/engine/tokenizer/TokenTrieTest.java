package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class TokenTrieTest {

  @Test
  void shouldFindTheLongest() {
    TokenTrie trie = new TokenTrie();
    List<String> texts = List.of("<", "<think", "<think>", "🦙", "🦙🦙", "\uffff");
    for (int i = 0; i < texts.size(); i++) {
      trie.add(texts.get(i), i);
    }
    assertThat(trie.isEmpty()).isFalse();
    assertThat(trie.longest("a<thin", 0)).isEqualTo(-1);
    assertThat(trie.longest("a<thin", 1)).isEqualTo(found(0, 2));
    assertThat(trie.longest("a<think>", 1)).isEqualTo(found(2, 8));
    assertThat(trie.longest("<think", 0)).isEqualTo(found(1, 6));
    assertThat(trie.longest("🦙🦙🦙", 2)).isEqualTo(found(4, 6));
    assertThat(trie.longest("\uffff", 0)).isEqualTo(found(5, 1));
    assertThat(trie.longest("", 0)).isEqualTo(-1);
  }

  @Test
  void shouldKeepTheFirstOfEqualTexts() {
    TokenTrie trie = new TokenTrie();
    trie.add("a", 7);
    trie.add("a", 8);

    assertThat(trie.longest("a", 0)).isEqualTo(found(7, 1));
    assertThatThrownBy(() -> trie.add("", 1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldAgreeWithAList() {
    long seed = Long.getLong("millrace.seed", System.currentTimeMillis());
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 300; round++) {
      TokenTrie trie = new TokenTrie();
      List<String> texts = new ArrayList<>();
      for (int i = random.nextInt(12); i >= 0; i--) {
        texts.add(text(random, random.nextInt(1, 6)));
        trie.add(texts.getLast(), texts.indexOf(texts.getLast()));
      }
      String text = text(random, 40);
      for (int at = 0; at < text.length(); at++) {
        long expected = -1;
        for (String token : texts) {
          if (text.startsWith(token, at) && at + token.length() > (int) expected) {
            expected = found(texts.indexOf(token), at + token.length());
          }
        }
        assertThat(trie.longest(text, at)).as("seed=%d round=%d", seed, round).isEqualTo(expected);
      }
    }
  }

  private static String text(SplittableRandom random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append("ab<".charAt(random.nextInt(3)));
    }
    return text.toString();
  }

  private static long found(int value, int end) {
    return ((long) value << 32) + end;
  }
}
