package dev.millrace.enrichment;

import dev.millrace.enrichment.Enrichment.Classification;
import dev.millrace.enrichment.Task.Classify;
import java.util.Comparator;
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
    List<Integer> order =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -probabilities[i]))
            .toList();
    Map<String, Double> distribution = new LinkedHashMap<>();
    order.forEach(i -> distribution.put(task.labels().get(i).name(), probabilities[i]));
    double best = probabilities[order.get(0)];
    double second = probabilities[order.get(1)];
    return new Classification(
        task.labels().get(order.get(0)).name(),
        best,
        best - second,
        distribution,
        best < task.abstainBelow());
  }
}
