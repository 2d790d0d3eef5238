package dev.millrace.enrichment.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.EngineEnricher;
import dev.millrace.enrichment.EngineEnricher.Settings;
import dev.millrace.enrichment.EnrichmentMetrics;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanReader;
import dev.millrace.enrichment.testing.OutcomeRecorder;
import dev.millrace.enrichment.testing.Script;
import dev.millrace.enrichment.testing.ScriptedEngine;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;

class EvaluationTest {
  private static final Plan PLAN =
      PlanReader.parse(
          """
          promptVersion: t
          tasks:
            summarise: {instruction: /sum, tokensMax: 50}
            classify:
              {instruction: /kind, labels: [x, y, {name: Zed, text: z}], temperature: 2,
               abstainBelow: 0.6}
            translate: [{to: it, from: [en], instruction: /it, tokensMax: 50}]
          """,
          "test");

  private static final Script SCRIPT =
      new Script() {
        @Override
        public String generate(String prompt, String instruction) {
          return instruction.equals("/sum") ? "a small mill" : "un mulino";
        }

        @Override
        public double[] score(String prompt, String instruction, List<String> labels) {
          return prompt.contains("unsure")
              ? new double[] {Math.log(0.3), Math.log(0.3), Math.log(0.4)}
              : new double[] {Math.log(0.01), Math.log(0.09), Math.log(0.9)};
        }
      };

  @Test
  void shouldCompareEveryKindOfAnswerWithItsReference() {
    Evaluation evaluation = new Evaluation(PLAN);
    try (ScriptedEngine engine = new ScriptedEngine(1000, SCRIPT);
        EngineEnricher enricher =
            new EngineEnricher(
                engine,
                evaluation.planToRun(),
                new Settings(
                    "b", ForkJoinPool.commonPool(), () -> Instant.EPOCH, EnrichmentMetrics.NONE))) {
      Reference full = new Reference("Zed", "the small mill", Map.of("it", "un mulino", "fr", "?"));
      add(evaluation, enricher, "sure", "en-GB", full);
      add(evaluation, enricher, "unsure", "", new Reference("x", "", Map.of()));
      add(evaluation, enricher, "sure", "it", new Reference("", "", Map.of("it", "?")));
      add(evaluation, enricher, "sure", "en", new Reference("Q", "", Map.of()));
      add(evaluation, enricher, "", "en", full);
    }

    EvaluationReport report = evaluation.report(false, 2);

    assertThat(report.documents()).isEqualTo(5);
    assertThat(report.documentsPerSecond()).isEqualTo(2.5);
    assertThat(report.rejections()).containsExactly(entry("INVALID_DOCUMENT", 1));
    EvaluationReport.Labels labels = report.labels().orElseThrow();
    assertThat(labels.references()).isEqualTo(3);
    assertThat(labels.unknownLabels()).isEqualTo(1);
    assertThat(labels.accuracy()).isEqualTo(1 / 3.0);
    assertThat(labels.top3()).isEqualTo(2 / 3.0);
    assertThat(labels.calibrationErrorRaw()).isCloseTo((Math.abs(0.9 - 1) + 0.4) / 2, within(1e-9));
    double root = Math.sqrt(0.9) / (Math.sqrt(0.01) + Math.sqrt(0.09) + Math.sqrt(0.9));
    double flat = Math.sqrt(0.4) / (2 * Math.sqrt(0.3) + Math.sqrt(0.4));
    assertThat(labels.calibrationError()).isCloseTo((1 - root + flat) / 2, within(1e-9));
    assertThat(labels.abstained()).isEqualTo(0.5);
    assertThat(labels.accuracyKept()).isEqualTo(1);
    assertThat(labels.fit()).isEmpty();
    assertThat(report.texts())
        .containsExactly(
            entry("summary", new EvaluationReport.Texts("rougeL", 2, (4 / 6.0 + 0) / 2)),
            entry(
                "translation en-it",
                new EvaluationReport.Texts("chrF2", 2, chrF(List.of("un mulino", "")))));
  }

  @Test
  void shouldFitATemperatureOnRequest() {
    Evaluation evaluation = new Evaluation(PLAN);
    try (ScriptedEngine engine = new ScriptedEngine(1000, SCRIPT);
        EngineEnricher enricher =
            new EngineEnricher(
                engine,
                evaluation.planToRun(),
                new Settings(
                    "b", ForkJoinPool.commonPool(), () -> Instant.EPOCH, EnrichmentMetrics.NONE))) {
      for (int i = 0; i < 10; i++) {
        add(evaluation, enricher, "sure", "en", new Reference(i < 5 ? "Zed" : "y", "", Map.of()));
      }
    }

    EvaluationReport.Fit fit =
        evaluation.report(true, 1).labels().orElseThrow().fit().orElseThrow();

    assertThat(fit.temperature()).isGreaterThan(2);
    assertThat(fit.calibrationError()).isLessThan(0.4 / 3);
  }

  @Test
  void shouldCompareNamedTasksByTheirNames() {
    Plan plan =
        PlanReader.parse(
            """
            promptVersion: t
            tasks:
              summarise: {instruction: /sum, tokensMax: 50}
              generate: {name: title, instruction: /title, tokensMax: 50}
              classify:
                - {name: kind, instruction: /kind, labels: [x, y, {name: Zed, text: z}]}
                - {name: tone, instruction: /tone, labels: [calm, angry, loud], temperature: 2}
                - name: tags
                  choose: any
                  instruction: "/about {label}"
                  labels: [mill, rain]
                  temperature: 2
                  threshold: 0.7
            """,
            "test");
    Script script =
        new Script() {
          @Override
          public String generate(String prompt, String instruction) {
            return instruction.equals("/title") ? "the mill" : "a small mill";
          }

          @Override
          public double[] score(String prompt, String instruction, List<String> labels) {
            return instruction.startsWith("/about")
                ? new double[] {Math.log(instruction.endsWith("mill") ? 0.9 : 0.2), Math.log(0.1)}
                : SCRIPT.score(prompt, instruction, labels);
          }
        };
    Evaluation evaluation = new Evaluation(plan);
    try (ScriptedEngine engine = new ScriptedEngine(1000, script);
        EngineEnricher enricher =
            new EngineEnricher(
                engine,
                evaluation.planToRun(),
                new Settings(
                    "b", ForkJoinPool.commonPool(), () -> Instant.EPOCH, EnrichmentMetrics.NONE))) {
      Map<String, List<String>> named = new LinkedHashMap<>();
      named.put("tone", List.of("loud"));
      named.put("tags", List.of("mill", "snow"));
      named.put("title", List.of("the mill"));
      add(evaluation, enricher, "sure", "en", new Reference("Zed", "a mill", Map.of(), named));
      add(
          evaluation,
          enricher,
          "sure",
          "en",
          new Reference("x", "", Map.of(), Map.of("kind", List.of("Zed"), "tags", List.of())));
    }

    EvaluationReport report = evaluation.report(true, 2);

    assertThat(report.labels().orElseThrow()).isEqualTo(report.classifications().get("kind"));
    assertThat(report.classifications().keySet()).containsExactly("kind", "tone");
    assertThat(report.labels().orElseThrow().references()).isEqualTo(2);
    assertThat(report.labels().orElseThrow().accuracy())
        .as("what stands under the task's name goes before label")
        .isEqualTo(1);
    EvaluationReport.Labels tone = report.classifications().getOrDefault("tone", NO_LABELS);
    assertThat(tone.references()).isEqualTo(1);
    assertThat(tone.temperature()).isEqualTo(2);
    EvaluationReport.AnyLabels tags = report.anyLabels().getOrDefault("tags", NO_ANY_LABELS);
    assertThat(tags.references()).isEqualTo(2);
    assertThat(tags.unknownLabels()).as("snow").isEqualTo(1);
    assertThat(tags.precision()).as("mill is chosen twice, at 0.75").isEqualTo(0.5);
    assertThat(tags.recall()).isEqualTo(1);
    assertThat(tags.exact()).isEqualTo(0.5);
    assertThat(tags.fit()).isPresent();
    assertThat(report.texts())
        .containsExactly(
            entry("summary", new EvaluationReport.Texts("rougeL", 1, 4 / 5.0)),
            entry("title", new EvaluationReport.Texts("rougeL", 1, 1)));
  }

  private static final EvaluationReport.Labels NO_LABELS =
      new EvaluationReport.Labels(0, 0, 0, 0, 0, 0, 0, 0, 0, Optional.empty());
  private static final EvaluationReport.AnyLabels NO_ANY_LABELS =
      new EvaluationReport.AnyLabels(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Optional.empty());

  private static double chrF(List<String> answers) {
    ChrF chrF = new ChrF();
    answers.forEach(answer -> chrF.add("un mulino", answer));
    return chrF.score();
  }

  private static void add(
      Evaluation evaluation,
      EngineEnricher enricher,
      String text,
      String language,
      Reference reference) {
    OutcomeRecorder recorder = new OutcomeRecorder();
    enricher.submit(evaluation, Document.of("d", text, language), 1, Long.MAX_VALUE, recorder);
    evaluation.add(language, reference, (Outcome) recorder.await());
  }
}
