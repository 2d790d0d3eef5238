package dev.millrace.enrichment.evaluation;

import dev.millrace.enrichment.Calibration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How right and how honest label probabilities are. Collects the log-scores of documents whose
 * label is known. Owned by one thread.
 */
public final class LabelMeasures {
  private static final int BINS = 15;
  private static final double TEMPERATURE_MIN = 0.05;
  private static final double TEMPERATURE_MAX = 20;
  private static final int SEARCH_STEPS = 80;
  private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;

  private final List<Scores> all = new ArrayList<>();
  private int unanswered;

  private record Scores(double[] logScores, int label) {}

  /**
   * Adds a document.
   *
   * @param logScores of the labels, up to a common constant
   * @param label index of the right one
   */
  public void add(double[] logScores, int label) {
    if (label < 0 || label >= logScores.length) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "label must be 0..%d, got %d", logScores.length - 1, label));
    }
    all.add(new Scores(logScores.clone(), label));
  }

  /** Adds a document with a known label that got no answer: it counts as wrong. */
  public void addUnanswered() {
    unanswered++;
  }

  /** Documents added. */
  public int documents() {
    return all.size() + unanswered;
  }

  /** Whether there is an answer to fit a temperature on. */
  public boolean answered() {
    return !all.isEmpty();
  }

  /** Share of documents whose right label is among the {@code k} likeliest. */
  public double accuracy(int k) {
    long right = all.stream().filter(scores -> rank(scores) < k).count();
    return documents() == 0 ? 0 : (double) right / documents();
  }

  /** How many labels are likelier than the right one; an equal one counts if it comes earlier. */
  private static int rank(Scores scores) {
    double own = scores.logScores()[scores.label()];
    int rank = 0;
    for (int i = 0; i < scores.logScores().length; i++) {
      double other = scores.logScores()[i];
      if (other > own || (other == own && i < scores.label())) {
        rank++;
      }
    }
    return rank;
  }

  /**
   * Expected calibration error over {@value #BINS} bins of equal width: the mean distance, weighted
   * by documents, between the probability of the likeliest label and how often it is right.
   */
  public double calibrationError(double temperature) {
    double[] confidence = new double[BINS];
    int[] right = new int[BINS];
    int[] count = new int[BINS];
    for (Scores scores : all) {
      double probability = bestProbability(scores, temperature);
      // Bins are open on the left, so that 1 falls into the last.
      int bin = Math.clamp((int) Math.ceil(probability * BINS) - 1, 0, BINS - 1);
      confidence[bin] += probability;
      count[bin]++;
      if (rank(scores) == 0) {
        right[bin]++;
      }
    }
    double error = 0;
    for (int bin = 0; bin < BINS; bin++) {
      error += Math.abs(confidence[bin] - right[bin]);
    }
    return all.isEmpty() ? 0 : error / all.size();
  }

  /** Share of answered documents whose best probability is below the threshold. */
  public double abstained(double temperature, double below) {
    long count = all.stream().filter(s -> bestProbability(s, temperature) < below).count();
    return all.isEmpty() ? 0 : (double) count / all.size();
  }

  /** Accuracy among the answered documents that are not below the threshold. */
  public double accuracyWithoutAbstained(double temperature, double below) {
    List<Scores> kept = all.stream().filter(s -> bestProbability(s, temperature) >= below).toList();
    long right = kept.stream().filter(scores -> rank(scores) == 0).count();
    return kept.isEmpty() ? 0 : (double) right / kept.size();
  }

  private static double bestProbability(Scores scores, double temperature) {
    double best = 0;
    for (double probability : Calibration.probabilities(scores.logScores(), temperature)) {
      best = Math.max(best, probability);
    }
    return best;
  }

  /** Mean negative log-likelihood of the right labels. */
  double loss(double temperature) {
    double sum = 0;
    for (Scores scores : all) {
      double[] probabilities = Calibration.probabilities(scores.logScores(), temperature);
      sum -= Math.log(Math.max(probabilities[scores.label()], Double.MIN_NORMAL));
    }
    return sum / all.size();
  }

  /**
   * The temperature under which the right labels are likeliest, between {@value #TEMPERATURE_MIN}
   * and {@value #TEMPERATURE_MAX}. The loss has one minimum, found by golden section.
   *
   * @throws IllegalStateException if no document was answered
   */
  public double fitTemperature() {
    if (all.isEmpty()) {
      throw new IllegalStateException("no labelled documents to fit a temperature on");
    }
    double low = Math.log(TEMPERATURE_MIN);
    double high = Math.log(TEMPERATURE_MAX);
    double left = high - GOLDEN * (high - low);
    double right = low + GOLDEN * (high - low);
    double leftLoss = loss(Math.exp(left));
    double rightLoss = loss(Math.exp(right));
    for (int step = 0; step < SEARCH_STEPS; step++) {
      if (leftLoss < rightLoss) {
        high = right;
        right = left;
        rightLoss = leftLoss;
        left = high - GOLDEN * (high - low);
        leftLoss = loss(Math.exp(left));
      } else {
        low = left;
        left = right;
        leftLoss = rightLoss;
        right = low + GOLDEN * (high - low);
        rightLoss = loss(Math.exp(right));
      }
    }
    return Math.exp((low + high) / 2);
  }
}
