package dev.millrace.engine.sampling;

import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.request.TokenScores;
import java.util.Arrays;

/**
 * Tells the likeliest tokens of a row and their log-probabilities, which are those that the device
 * gives to labels. Owned by one thread: it keeps scratch memory of one row.
 */
public final class TopTokens {
  private float[] logits = {};

  /**
   * What is to be told of a place.
   *
   * @param row of {@code source}
   * @param token the one that was chosen there
   * @param count number of the likeliest tokens wanted
   */
  public TokenScores of(Logits source, int row, int token, int count) {
    if (logits.length != source.vocabulary()) {
      logits = new float[source.vocabulary()];
    }
    source.copy(row, logits);
    int[] likeliest = likeliest(Math.min(count, logits.length));
    int[] ids = Arrays.copyOf(likeliest, likeliest.length + 1);
    ids[likeliest.length] = token;
    double[] answers = new double[ids.length];
    source.logProbabilities(row, ids, answers);
    return new TokenScores(
        token, answers[likeliest.length], likeliest, Arrays.copyOf(answers, likeliest.length));
  }

  /** Ids by falling logit, the smaller id first in a tie. */
  private int[] likeliest(int count) {
    int[] best = new int[count];
    int found = 0;
    for (int id = 0; id < logits.length; id++) {
      int at = found;
      while (at > 0 && logits[id] > logits[best[at - 1]]) {
        at--;
      }
      if (at < count) {
        found = Math.min(count, found + 1);
        System.arraycopy(best, at, best, at + 1, found - 1 - at);
        best[at] = id;
      }
    }
    return Arrays.copyOf(best, found);
  }
}
