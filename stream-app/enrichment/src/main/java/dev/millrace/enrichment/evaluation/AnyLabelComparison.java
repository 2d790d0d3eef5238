package dev.millrace.enrichment.evaluation;

import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Task.ClassifyAny;
import dev.millrace.enrichment.Task.Label;
import java.util.List;
import java.util.Optional;

/**
 * The labels that a classification of any number of them chose against those that are right. Owned
 * by one thread.
 */
final class AnyLabelComparison {
  private final ClassifyAny task;
  private final List<String> names;
  private final AnyLabelMeasures measures = new AnyLabelMeasures();
  private int unknown;

  AnyLabelComparison(ClassifyAny task) {
    this.task = task;
    this.names = task.labels().stream().map(Label::name).toList();
  }

  /** Adds a document; one without a classification counts as having got no label. */
  void add(List<String> expected, Optional<Classification> found) {
    unknown += (int) expected.stream().filter(label -> !names.contains(label)).count();
    boolean[] right = new boolean[names.size()];
    double[] probabilities = new double[names.size()];
    for (int i = 0; i < right.length; i++) {
      String name = names.get(i);
      right[i] = expected.contains(name);
      probabilities[i] = found.map(c -> c.distribution().getOrDefault(name, 0.0)).orElse(0.0);
    }
    if (found.isPresent()) {
      measures.add(probabilities, right);
    } else {
      measures.addUnanswered(right);
    }
  }

  /** What was measured; empty if no document says which labels are right. */
  Optional<EvaluationReport.AnyLabels> report(boolean fitTemperature) {
    if (measures.documents() == 0) {
      return Optional.empty();
    }
    double temperature = task.temperature();
    double threshold = task.threshold();
    Optional<EvaluationReport.Fit> fit = Optional.empty();
    if (fitTemperature && measures.answered()) {
      double fitted = measures.fitTemperature();
      fit = Optional.of(new EvaluationReport.Fit(fitted, measures.calibrationError(fitted)));
    }
    return Optional.of(
        new EvaluationReport.AnyLabels(
            measures.documents(),
            unknown,
            measures.precision(temperature, threshold),
            measures.recall(temperature, threshold),
            measures.f1(temperature, threshold),
            measures.exact(temperature, threshold),
            measures.calibrationError(1),
            temperature,
            threshold,
            measures.calibrationError(temperature),
            fit));
  }
}
