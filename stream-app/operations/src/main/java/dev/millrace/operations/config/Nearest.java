package dev.millrace.operations.config;

import java.util.Collection;

/** The known name that a mistyped one probably means. */
final class Nearest {
  private static final int DISTANCE_MAX = 4;

  private Nearest() {}

  /** {@code " (did you mean \"x\"?)"}, or nothing if no known name is near. */
  static String hint(String name, Collection<String> known) {
    String best = "";
    int least = Math.min(DISTANCE_MAX, Math.max(1, name.length() / 3)) + 1;
    for (String candidate : known) {
      int distance = distance(name, candidate);
      if (distance < least) {
        least = distance;
        best = candidate;
      }
    }
    return best.isEmpty() ? "" : " (did you mean \"" + best + "\"?)";
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
