package dev.millrace.enrichment;

import java.util.Collection;
import java.util.Locale;

/** What a mistyped word may have meant. */
final class Suggestion {

  private Suggestion() {}

  /** {@code (did you mean "x"?)} for the nearest known word, or what is known. */
  static String among(Collection<String> known, String word) {
    String nearest = "";
    int best = Integer.MAX_VALUE;
    for (String candidate : known) {
      int distance = distance(word.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
      if (distance < best) {
        best = distance;
        nearest = candidate;
      }
    }
    return best <= Math.max(2, word.length() / 3)
        ? " (did you mean \"%s\"?)".formatted(nearest)
        : " (known: %s)".formatted(String.join(", ", known));
  }

  /** Edits between two words: insert, delete, replace. */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
