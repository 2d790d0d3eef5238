package dev.millrace.enrichment.evaluation;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * chrF2 (Popovic, 2015) of a corpus, as sacrebleu computes it by default: character n-grams of 1 to
 * 6 without white space, case kept, counts summed over all pairs, precision and recall averaged
 * over the orders that occur on both sides, recall weighted by beta = 2. Owned by one thread.
 */
public final class ChrF {
  private static final int ORDER = 6;
  private static final double BETA_SQUARED = 4;

  private final long[] expected = new long[ORDER];
  private final long[] found = new long[ORDER];
  private final long[] common = new long[ORDER];
  private int pairs;

  /** Adds a pair. */
  public void add(String reference, String answer) {
    pairs++;
    int[] expectedCharacters = withoutWhiteSpace(reference);
    int[] foundCharacters = withoutWhiteSpace(answer);
    for (int n = 1; n <= ORDER; n++) {
      Map<String, Integer> expectedGrams = grams(expectedCharacters, n);
      Map<String, Integer> foundGrams = grams(foundCharacters, n);
      expected[n - 1] += Math.max(0, expectedCharacters.length - n + 1);
      if (!expectedGrams.isEmpty()) {
        // Against a reference too short for this order, no n-gram is wrong.
        found[n - 1] += Math.max(0, foundCharacters.length - n + 1);
      }
      for (Map.Entry<String, Integer> gram : foundGrams.entrySet()) {
        int there = expectedGrams.getOrDefault(gram.getKey(), 0);
        common[n - 1] += Math.min(gram.getValue(), there);
      }
    }
  }

  /** Pairs added. */
  public int pairs() {
    return pairs;
  }

  /** The measure, 0..100. */
  public double score() {
    double precision = 0;
    double recall = 0;
    int orders = 0;
    for (int n = 0; n < ORDER; n++) {
      if (found[n] > 0 && expected[n] > 0) {
        precision += (double) common[n] / found[n];
        recall += (double) common[n] / expected[n];
        orders++;
      }
    }
    if (precision + recall == 0) {
      return 0;
    }
    precision /= orders;
    recall /= orders;
    return 100 * (1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall);
  }

  private static int[] withoutWhiteSpace(String text) {
    return text.codePoints().filter(character -> !whiteSpace(character)).toArray();
  }

  /** White space as Python sees it: no-break spaces included. */
  private static boolean whiteSpace(int character) {
    return Character.isWhitespace(character)
        || Character.isSpaceChar(character)
        || character == 0x85;
  }

  private static Map<String, Integer> grams(int[] characters, int n) {
    Map<String, Integer> grams = new LinkedHashMap<>();
    for (int i = 0; i + n <= characters.length; i++) {
      grams.merge(new String(characters, i, n), 1, Integer::sum);
    }
    return grams;
  }
}
