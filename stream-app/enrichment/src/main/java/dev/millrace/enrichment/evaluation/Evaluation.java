package dev.millrace.enrichment.evaluation;

import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.Task;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.Label;
import dev.millrace.enrichment.Task.Translate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Compares outcomes with references. A document that was rejected counts as wrong wherever it has a
 * reference: its label is wrong, its texts are empty. The outcomes must come from {@link
 * #planToRun}, whose probabilities are not calibrated. Owned by one thread.
 */
public final class Evaluation {
  private final Plan plan;
  private final LabelMeasures labels = new LabelMeasures();
  private final Map<String, ChrF> translations = new TreeMap<>();
  private final Map<String, Integer> rejections = new TreeMap<>();
  private double rougeSum;
  private int summaries;
  private int unknownLabels;
  private int documents;
  private long documentTokens;
  private long promptTokens;
  private long generatedTokens;
  private long computeNanos;

  /** An evaluation of a plan, with the plan's own calibration. */
  public Evaluation(Plan plan) {
    this.plan = plan;
  }

  /** The plan to enrich with: the same, with its probabilities as the model gives them. */
  public Plan planToRun() {
    return plan.uncalibrated();
  }

  /** Adds a document. */
  public void add(String language, Reference reference, Outcome outcome) {
    documents++;
    switch (outcome) {
      case Enriched(Enrichment enrichment) -> compare(language, reference, enrichment);
      case Quarantined(Enrichment enrichment) -> compare(language, reference, enrichment);
      case Rejected rejected -> {
        rejections.merge(rejected.reason().name(), 1, Integer::sum);
        compare(language, reference, null);
      }
    }
  }

  private void compare(String language, Reference reference, @Nullable Enrichment enrichment) {
    if (enrichment != null) {
      documentTokens += enrichment.usage().documentTokens();
      promptTokens += enrichment.usage().promptTokens();
      generatedTokens += enrichment.usage().generatedTokens();
      computeNanos += enrichment.usage().computeNanos();
    }
    plan.classify().ifPresent(task -> compareLabel(task, reference, enrichment));
    if (!reference.summary().isEmpty() && plan.tasks().stream().anyMatch(Evaluation::summarises)) {
      summaries++;
      String summary = enrichment == null ? "" : enrichment.summary().orElse("");
      rougeSum += RougeL.score(reference.summary(), summary);
    }
    String from = plan.languageOf(language);
    reference
        .translations()
        .forEach((target, expected) -> {
          if (plan.tasks().stream().anyMatch(task -> translates(task, from, target))) {
            String found =
                enrichment == null ? "" : enrichment.translations().getOrDefault(target, "");
            translations.computeIfAbsent(from + "-" + target, _ -> new ChrF()).add(expected, found);
          }
        });
  }

  private void compareLabel(Classify task, Reference reference, @Nullable Enrichment enrichment) {
    if (reference.label().isEmpty()) {
      return;
    }
    List<String> names = task.labels().stream().map(Label::name).toList();
    int label = names.indexOf(reference.label());
    if (label < 0) {
      unknownLabels++;
      return;
    }
    Optional<Classification> found =
        Optional.ofNullable(enrichment).flatMap(Enrichment::classification);
    if (found.isEmpty()) {
      labels.addUnanswered();
      return;
    }
    double[] logScores =
        names.stream()
            .mapToDouble(name -> found.get().distribution().getOrDefault(name, 0.0))
            .map(probability -> Math.log(Math.max(probability, Double.MIN_NORMAL)))
            .toArray();
    labels.add(logScores, label);
  }

  private static boolean summarises(Task task) {
    return task instanceof Task.Summarise;
  }

  private static boolean translates(Task task, String from, String target) {
    return task instanceof Translate translate
        && translate.target().equals(target)
        && translate.appliesTo(from);
  }

  /**
   * What was measured.
   *
   * @param fitTemperature whether to fit a temperature on these documents
   * @param seconds how long their enrichment took
   */
  public EvaluationReport report(boolean fitTemperature, double seconds) {
    Optional<EvaluationReport.Labels> labelReport =
        plan.classify()
            .filter(_ -> labels.documents() > 0)
            .map(task -> labelReport(task, fitTemperature));
    Map<String, EvaluationReport.Texts> texts = new LinkedHashMap<>();
    if (summaries > 0) {
      texts.put("summary", new EvaluationReport.Texts("rougeL", summaries, rougeSum / summaries));
    }
    translations.forEach((direction, chrF) ->
        texts.put(
            "translation " + direction,
            new EvaluationReport.Texts("chrF2", chrF.pairs(), chrF.score())));
    return new EvaluationReport(
        documents,
        rejections,
        labelReport,
        texts,
        documentTokens,
        promptTokens,
        generatedTokens,
        computeNanos / 1e9,
        seconds);
  }

  private EvaluationReport.Labels labelReport(Classify task, boolean fitTemperature) {
    Optional<EvaluationReport.Fit> fit = Optional.empty();
    if (fitTemperature) {
      double temperature = labels.fitTemperature();
      fit =
          Optional.of(new EvaluationReport.Fit(temperature, labels.calibrationError(temperature)));
    }
    return new EvaluationReport.Labels(
        labels.documents(),
        unknownLabels,
        labels.accuracy(1),
        labels.accuracy(3),
        labels.calibrationError(1),
        task.temperature(),
        labels.calibrationError(task.temperature()),
        labels.abstained(task.temperature(), task.abstainBelow()),
        labels.accuracyWithoutAbstained(task.temperature(), task.abstainBelow()),
        fit);
  }
}
