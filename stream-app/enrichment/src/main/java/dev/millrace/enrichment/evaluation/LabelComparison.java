package dev.millrace.enrichment.evaluation;

import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.Label;
import java.util.List;
import java.util.Optional;

/** One classification's labels against those that are right. Owned by one thread. */
final class LabelComparison {
  private final Classify task;
  private final List<String> names;
  private final LabelMeasures measures = new LabelMeasures();
  private int unknown;

  LabelComparison(Classify task) {
    this.task = task;
    this.names = task.labels().stream().map(Label::name).toList();
  }

  /** Adds a document; one without a classification counts as wrong. */
  void add(String expected, Optional<Classification> found) {
    int label = names.indexOf(expected);
    if (label < 0) {
      unknown++;
      return;
    }
    if (found.isEmpty()) {
      measures.addUnanswered();
      return;
    }
    double[] logScores =
        names.stream()
            .mapToDouble(name -> found.get().distribution().getOrDefault(name, 0.0))
            .map(probability -> Math.log(Math.max(probability, Double.MIN_NORMAL)))
            .toArray();
    measures.add(logScores, label);
  }

  /** What was measured; empty if no document has a label of the plan. */
  Optional<EvaluationReport.Labels> report(boolean fitTemperature) {
    if (measures.documents() == 0) {
      return Optional.empty();
    }
    Optional<EvaluationReport.Fit> fit = Optional.empty();
    if (fitTemperature && measures.answered()) {
      double temperature = measures.fitTemperature();
      double error = measures.calibrationError(temperature);
      fit = Optional.of(new EvaluationReport.Fit(temperature, error));
    }
    return Optional.of(
        new EvaluationReport.Labels(
            measures.documents(),
            unknown,
            measures.accuracy(1),
            measures.accuracy(3),
            measures.calibrationError(1),
            task.temperature(),
            measures.calibrationError(task.temperature()),
            measures.abstained(task.temperature(), task.abstainBelow()),
            measures.accuracyWithoutAbstained(task.temperature(), task.abstainBelow()),
            fit));
  }
}
