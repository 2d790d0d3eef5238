package dev.millrace.enrichment.evaluation;

import dev.millrace.enrichment.Calibration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How right and how honest choices of any number of labels are. Collects, for documents whose
 * labels are known, the probability of each label and whether it is one. Owned by one thread.
 */
public final class AnyLabelMeasures {
  private static final int YES = 0;
  private static final int NO = 1;

  private final List<List<Decision>> documents = new ArrayList<>();
  private final LabelMeasures decisions = new LabelMeasures();

  /**
   * One label of one document.
   *
   * @param logScores of yes and no; empty if the document got no answer
   * @param right whether the document has the label
   */
  private record Decision(double[] logScores, boolean right) {

    boolean chosen(double temperature, double threshold) {
      return logScores.length > 0
          && Calibration.probabilities(logScores, temperature)[YES] >= threshold;
    }
  }

  /**
   * Counts of labels.
   *
   * @param hits chosen and right
   * @param chosen all that were chosen
   * @param right all that should have been
   */
  private record Counts(int hits, int chosen, int right) {}

  /**
   * Adds a document.
   *
   * @param probabilities of the labels, not calibrated
   * @param right which of them it has
   */
  public void add(double[] probabilities, boolean[] right) {
    if (probabilities.length != right.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%d probabilities of %d labels", probabilities.length, right.length));
    }
    List<Decision> document = new ArrayList<>();
    for (int i = 0; i < right.length; i++) {
      double[] logScores = {log(probabilities[i]), log(1 - probabilities[i])};
      decisions.add(logScores, right[i] ? YES : NO);
      document.add(new Decision(logScores, right[i]));
    }
    documents.add(document);
  }

  /** Adds a document that got no answer: it counts as having none of the labels chosen. */
  public void addUnanswered(boolean[] right) {
    List<Decision> document = new ArrayList<>();
    for (boolean each : right) {
      decisions.addUnanswered();
      document.add(new Decision(new double[0], each));
    }
    documents.add(document);
  }

  private static double log(double probability) {
    return Math.log(Math.max(probability, Double.MIN_NORMAL));
  }

  /** Whether there is an answer to fit a temperature on. */
  public boolean answered() {
    return decisions.answered();
  }

  /** Documents added. */
  public int documents() {
    return documents.size();
  }

  private Counts counts(double temperature, double threshold) {
    int hits = 0;
    int chosen = 0;
    int right = 0;
    for (List<Decision> document : documents) {
      for (Decision decision : document) {
        boolean isChosen = decision.chosen(temperature, threshold);
        hits += isChosen && decision.right() ? 1 : 0;
        chosen += isChosen ? 1 : 0;
        right += decision.right() ? 1 : 0;
      }
    }
    return new Counts(hits, chosen, right);
  }

  /** Share of the chosen labels that are right; 1 if none is chosen. */
  public double precision(double temperature, double threshold) {
    Counts counts = counts(temperature, threshold);
    return counts.chosen() == 0 ? 1 : (double) counts.hits() / counts.chosen();
  }

  /** Share of the right labels that are chosen; 1 if there is none. */
  public double recall(double temperature, double threshold) {
    Counts counts = counts(temperature, threshold);
    return counts.right() == 0 ? 1 : (double) counts.hits() / counts.right();
  }

  /** Harmonic mean of precision and recall over all labels of all documents. */
  public double f1(double temperature, double threshold) {
    Counts counts = counts(temperature, threshold);
    int sum = counts.chosen() + counts.right();
    return sum == 0 ? 1 : 2.0 * counts.hits() / sum;
  }

  /** Share of documents that get exactly the right labels. */
  public double exact(double temperature, double threshold) {
    long exact =
        documents.stream()
            .filter(document ->
                document.stream()
                    .allMatch(each -> each.chosen(temperature, threshold) == each.right()))
            .count();
    return documents.isEmpty() ? 0 : (double) exact / documents.size();
  }

  /** As {@link LabelMeasures#calibrationError} of every yes or no. */
  public double calibrationError(double temperature) {
    return decisions.calibrationError(temperature);
  }

  /**
   * As {@link LabelMeasures#fitTemperature} on every yes or no.
   *
   * @throws IllegalStateException if no document was answered
   */
  public double fitTemperature() {
    return decisions.fitTemperature();
  }
}
