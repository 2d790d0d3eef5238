package dev.millrace.enrichment.evaluation;

import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * ROUGE-L (Lin, 2004): the balanced F-measure of the longest common subsequence of words. Words are
 * the longest runs of letters, marks and digits of any script, in lower case; nothing is stemmed.
 */
public final class RougeL {
  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{M}\\p{N}]+");

  private RougeL() {}

  /** The measure, 0..1; 0 if either text has no words. */
  public static double score(String reference, String answer) {
    List<String> expected = words(reference);
    List<String> found = words(answer);
    int common = longestCommonSubsequence(expected, found);
    return common == 0 ? 0 : 2.0 * common / (expected.size() + found.size());
  }

  static List<String> words(String text) {
    return WORD.matcher(text.toLowerCase(Locale.ROOT)).results().map(MatchResult::group).toList();
  }

  private static int longestCommonSubsequence(List<String> a, List<String> b) {
    int[] row = new int[b.size() + 1];
    for (String word : a) {
      int diagonal = 0;
      for (int j = 1; j <= b.size(); j++) {
        int above = row[j];
        row[j] = word.equals(b.get(j - 1)) ? diagonal + 1 : Math.max(above, row[j - 1]);
        diagonal = above;
      }
    }
    return row[b.size()];
  }
}
