package dev.millrace.engine.request;

import java.util.Arrays;

/**
 * A generated token and the likeliest ones at its place.
 *
 * @param token the one that was chosen
 * @param logProbability its natural log-probability, before temperature and {@code topP}
 * @param likeliest ids of the likeliest tokens, falling; the smaller id first in a tie
 * @param logProbabilities theirs
 */
public record TokenScores(
    int token, double logProbability, int[] likeliest, double[] logProbabilities) {

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenScores scores
        && token == scores.token
        && Double.compare(logProbability, scores.logProbability) == 0
        && Arrays.equals(likeliest, scores.likeliest)
        && Arrays.equals(logProbabilities, scores.logProbabilities);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * token + Arrays.hashCode(likeliest)) + Arrays.hashCode(logProbabilities);
  }
}
