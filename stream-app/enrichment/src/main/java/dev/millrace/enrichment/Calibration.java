package dev.millrace.enrichment;

import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Answers.Likeliest;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.ClassifyAny;
import dev.millrace.enrichment.Task.Label;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** From log-scores to probabilities. Pure functions. */
public final class Calibration {

  private Calibration() {}

  /**
   * Softmax of scores divided by a temperature.
   *
   * @param scores log-probabilities, at least one of them finite
   * @param temperature positive; above 1 flattens, below 1 sharpens
   */
  public static double[] probabilities(double[] scores, double temperature) {
    double max = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      max = Math.max(max, score);
    }
    if (!Double.isFinite(max)) {
      throw new IllegalArgumentException("no score is finite");
    }
    double[] probabilities = new double[scores.length];
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      probabilities[i] = StrictMath.exp((scores[i] - max) / temperature);
      sum += probabilities[i];
    }
    for (int i = 0; i < scores.length; i++) {
      probabilities[i] /= sum;
    }
    return probabilities;
  }

  /** A classification of a document by the scores of its labels, which are in the task's order. */
  static Classification classify(Classify task, double[] scores) {
    double[] probabilities = probabilities(scores, task.temperature());
    Map<String, Double> distribution = distribution(task.labels(), probabilities);
    Iterator<Map.Entry<String, Double>> likeliest = distribution.entrySet().iterator();
    Map.Entry<String, Double> best = likeliest.next();
    double margin = best.getValue() - likeliest.next().getValue();
    return Classification.ofOne(
        new Likeliest(best.getKey(), best.getValue(), margin),
        distribution,
        best.getValue() < task.abstainBelow());
  }

  /**
   * The labels of a document.
   *
   * @param answers log-probabilities of yes and no, in the order of the task's labels
   */
  static Classification classify(ClassifyAny task, List<double[]> answers) {
    double[] probabilities =
        answers.stream().mapToDouble(pair -> probabilities(pair, task.temperature())[0]).toArray();
    Map<String, Double> distribution = distribution(task.labels(), probabilities);
    List<String> chosen =
        distribution.entrySet().stream()
            .filter(label -> label.getValue() >= task.threshold())
            .map(Map.Entry::getKey)
            .toList();
    return Classification.ofAny(chosen, distribution);
  }

  /** Likeliest first; of equal ones, the plan's first. */
  private static Map<String, Double> distribution(List<Label> labels, double[] probabilities) {
    Map<String, Double> distribution = new LinkedHashMap<>();
    IntStream.range(0, probabilities.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> -probabilities[i]))
        .forEach(i -> distribution.put(labels.get(i).name(), probabilities[i]));
    return distribution;
  }
}
