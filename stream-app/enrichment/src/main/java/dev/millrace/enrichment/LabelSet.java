package dev.millrace.enrichment;

import dev.millrace.engine.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * Closed alternatives as token ids, ready to be scored. Where one is the beginning of another, the
 * end-of-turn id is appended to it: without it, the shorter would always score at least as much.
 * Immutable.
 */
final class LabelSet {
  private final List<int[]> tokens;

  private LabelSet(List<int[]> tokens) {
    this.tokens = tokens;
  }

  /**
   * Ids of texts.
   *
   * @param endOfTurn the id that ends an answer, if the model has one
   * @throws IllegalArgumentException if two texts cannot be told apart
   */
  static LabelSet of(List<String> texts, Tokenizer tokenizer, OptionalInt endOfTurn) {
    List<int[]> encoded = texts.stream().map(tokenizer::encode).toList();
    List<int[]> tokens = new ArrayList<>();
    for (int i = 0; i < encoded.size(); i++) {
      int[] ids = encoded.get(i);
      boolean begins = false;
      for (int j = 0; j < encoded.size(); j++) {
        int[] other = encoded.get(j);
        if (i == j || !beginsWith(other, ids)) {
          continue;
        }
        if (other.length == ids.length) {
          throw new IllegalArgumentException(
              "the tokenizer cannot tell label %s from label %s"
                  .formatted(texts.get(i), texts.get(j)));
        }
        begins = true;
      }
      if (ids.length == 0) {
        throw new IllegalArgumentException("the tokenizer sees nothing in label " + texts.get(i));
      }
      tokens.add(begins ? ended(ids, texts.get(i), endOfTurn) : ids);
    }
    return new LabelSet(List.copyOf(tokens));
  }

  /** Ids by label. */
  List<int[]> tokens() {
    return tokens;
  }

  /** Tokens of the longest label. */
  int tokensMax() {
    return tokens.stream().mapToInt(ids -> ids.length).max().orElseThrow();
  }

  private static int[] ended(int[] ids, String text, OptionalInt endOfTurn) {
    int end =
        endOfTurn.orElseThrow(() ->
            new IllegalArgumentException(
                "label %s begins another one and the model has no end-of-turn token"
                    .formatted(text)));
    int[] ended = Arrays.copyOf(ids, ids.length + 1);
    ended[ids.length] = end;
    return ended;
  }

  private static boolean beginsWith(int[] ids, int[] beginning) {
    return ids.length >= beginning.length
        && Arrays.equals(ids, 0, beginning.length, beginning, 0, beginning.length);
  }
}
