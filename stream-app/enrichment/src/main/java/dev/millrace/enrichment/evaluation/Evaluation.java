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
import dev.millrace.enrichment.Task.ClassifyAny;
import dev.millrace.enrichment.Task.Summarise;
import dev.millrace.enrichment.Task.Translate;
import dev.millrace.enrichment.Task.Written;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Compares outcomes with references, task by task. A document that was rejected counts as wrong
 * wherever it has a reference: its label is wrong, its texts are empty. The outcomes must come from
 * {@link #planToRun}, whose probabilities are not calibrated. Owned by one thread.
 */
public final class Evaluation {
  private final Plan plan;
  private final Map<String, LabelComparison> labels = new LinkedHashMap<>();
  private final Map<String, AnyLabelComparison> anyLabels = new LinkedHashMap<>();
  private final Map<String, Rouge> texts = new LinkedHashMap<>();
  private final Map<String, ChrF> translations = new TreeMap<>();
  private final Map<String, Integer> rejections = new TreeMap<>();
  private int documents;
  private long documentTokens;
  private long promptTokens;
  private long generatedTokens;
  private long computeNanos;

  /** An evaluation of a plan, with the plan's own calibration. */
  public Evaluation(Plan plan) {
    this.plan = plan;
    for (Task task : plan.tasks()) {
      switch (task) {
        case Classify t -> labels.put(t.name(), new LabelComparison(t));
        case ClassifyAny t -> anyLabels.put(t.name(), new AnyLabelComparison(t));
        case Written t -> texts.put(t.name(), new Rouge());
        case Translate _, Task.Screen _ -> {}
      }
    }
  }

  /** Sum of ROUGE-L over texts. */
  private static final class Rouge {
    private double sum;
    private int texts;

    void add(String expected, String found) {
      sum += RougeL.score(expected, found);
      texts++;
    }
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
      case Outcome.Deleted _ -> compare(language, reference, null);
    }
  }

  private void compare(String language, Reference reference, @Nullable Enrichment enrichment) {
    if (enrichment != null) {
      documentTokens += enrichment.usage().documentTokens();
      promptTokens += enrichment.usage().promptTokens();
      generatedTokens += enrichment.usage().generatedTokens();
      computeNanos += enrichment.usage().computeNanos();
    }
    String first = plan.classify().map(Task::name).orElse("");
    labels.forEach((task, measures) ->
        reference
            .one(task, task.equals(first) ? reference.label() : "")
            .ifPresent(label -> measures.add(label, classification(task, enrichment))));
    anyLabels.forEach((task, measures) ->
        Optional.ofNullable(reference.named().get(task))
            .ifPresent(expected -> measures.add(expected, classification(task, enrichment))));
    String summary = plan.summarise().map(Task::name).orElse("");
    texts.forEach((task, rouge) ->
        reference
            .one(task, task.equals(summary) ? reference.summary() : "")
            .ifPresent(expected -> rouge.add(expected, text(task, enrichment))));
    compareTranslations(plan.languageOf(language), reference, enrichment);
  }

  private static Optional<Classification> classification(
      String task, @Nullable Enrichment enrichment) {
    if (enrichment == null) {
      return Optional.empty();
    }
    return task.equals(Classify.NAME)
        ? enrichment.classification()
        : Optional.ofNullable(enrichment.answers().classifications().get(task));
  }

  private static String text(String task, @Nullable Enrichment enrichment) {
    if (enrichment == null) {
      return "";
    }
    return task.equals(Summarise.NAME)
        ? enrichment.summary().orElse("")
        : enrichment.answers().texts().getOrDefault(task, "");
  }

  private void compareTranslations(
      String from, Reference reference, @Nullable Enrichment enrichment) {
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
    Map<String, EvaluationReport.Labels> one = new LinkedHashMap<>();
    labels.forEach((task, measures) ->
        measures.report(fitTemperature).ifPresent(found -> one.put(task, found)));
    Map<String, EvaluationReport.AnyLabels> any = new LinkedHashMap<>();
    anyLabels.forEach((task, measures) ->
        measures.report(fitTemperature).ifPresent(found -> any.put(task, found)));
    Optional<EvaluationReport.Labels> first =
        plan.classify().flatMap(task -> Optional.ofNullable(one.get(task.name())));
    one.remove(Classify.NAME);
    Map<String, EvaluationReport.Texts> measured = new LinkedHashMap<>();
    texts.forEach((task, rouge) -> {
      if (rouge.texts > 0) {
        double mean = rouge.sum / rouge.texts;
        measured.put(task, new EvaluationReport.Texts("rougeL", rouge.texts, mean));
      }
    });
    translations.forEach((direction, chrF) ->
        measured.put(
            "translation " + direction,
            new EvaluationReport.Texts("chrF2", chrF.pairs(), chrF.score())));
    return new EvaluationReport(
        documents,
        rejections,
        first,
        one,
        any,
        measured,
        documentTokens,
        promptTokens,
        generatedTokens,
        computeNanos / 1e9,
        seconds);
  }
}
