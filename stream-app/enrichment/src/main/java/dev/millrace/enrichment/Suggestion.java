package dev.millrace.enrichment;

import java.util.Collection;
import java.util.Locale;

/** What a mistyped word may have meant: a key of a plan, of the configuration, a variable. */
public final class Suggestion {
  private static final int DISTANCE_MAX = 4;

  private Suggestion() {}

  /** {@code " (did you mean \"x\"?)"}, or nothing if no known word is near. */
  public static String hint(String word, Collection<String> known) {
    String nearest = "";
    int least = Math.clamp(word.length() / 3, Math.min(2, word.length()), DISTANCE_MAX) + 1;
    for (String candidate : known) {
      int distance = distance(word.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
      if (distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    return nearest.isEmpty() ? "" : " (did you mean \"" + nearest + "\"?)";
  }

  /** The same, or all that is known: for short lists. */
  static String among(Collection<String> known, String word) {
    String hint = hint(word, known);
    return hint.isEmpty() ? " (known: %s)".formatted(String.join(", ", known)) : hint;
  }

  /** Insertions, deletions, substitutions and swaps of neighbours that lead from one to another. */
  static int distance(String from, String to) {
    int[][] d = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int same = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + same, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[from.length()][to.length()];
  }
}
