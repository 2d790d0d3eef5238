package dev.millrace.cli.enrich;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.enrichment.evaluation.EvaluationReport;
import dev.millrace.enrichment.evaluation.EvaluationReport.AnyLabels;
import dev.millrace.enrichment.evaluation.EvaluationReport.Fit;
import dev.millrace.enrichment.evaluation.EvaluationReport.Labels;
import java.util.Locale;
import java.util.Optional;

/** An evaluation for readers and for scripts. Immutable. */
final class EvaluationPrinter {
  private static final int COLUMN = 29;

  private final EvaluationReport report;
  private final TaskTokens tokens;

  EvaluationPrinter(EvaluationReport report, TaskTokens tokens) {
    this.report = report;
    this.tokens = tokens;
  }

  String table() {
    StringBuilder text = new StringBuilder();
    line(text, "documents", String.valueOf(report.documents()));
    report.rejections().forEach((reason, count) -> line(text, "  rejected " + reason, "" + count));
    tokens.warnings().forEach((warning, count) -> line(text, "  warned " + warning, "" + count));
    report
        .labels()
        .filter(labels -> !report.classifications().containsValue(labels))
        .ifPresent(labels -> table(text, labels));
    report
        .classifications()
        .forEach((task, labels) -> {
          line(text, "classification " + task, "");
          table(text, labels);
        });
    report
        .anyLabels()
        .forEach((task, labels) -> {
          line(text, "classification " + task, "any number of labels");
          table(text, labels);
        });
    report
        .texts()
        .forEach((what, texts) ->
            line(
                text,
                what,
                String.format(
                    Locale.ROOT,
                    "%s %s (n = %d)",
                    texts.measure(),
                    digits(texts.score()),
                    texts.references())));
    line(
        text,
        "time",
        "%s s, %s documents/s"
            .formatted(digits(report.seconds()), digits(report.documentsPerSecond())));
    line(text, "step time", digits(report.computeSeconds()) + " s");
    line(
        text,
        "tokens",
        String.format(
            Locale.ROOT,
            "%d of documents, %d of prompts, %d generated",
            report.documentTokens(),
            report.promptTokens(),
            report.generatedTokens()));
    tokens
        .tasks()
        .forEach((task, sum) ->
            line(
                text,
                "  " + task,
                String.format(
                    Locale.ROOT,
                    "%d branches, %d of prompts, %d generated",
                    sum.branches(),
                    sum.suffixTokens(),
                    sum.generatedTokens())));
    return text.toString().stripTrailing();
  }

  private static void table(StringBuilder text, Labels labels) {
    line(
        text,
        "label accuracy",
        String.format(Locale.ROOT, "%s (n = %d)", digits(labels.accuracy()), labels.references()));
    if (labels.unknownLabels() > 0) {
      line(text, "  labels not in the plan", String.valueOf(labels.unknownLabels()));
    }
    line(text, "label in top 3", digits(labels.top3()));
    line(text, "calibration error, raw", digits(labels.calibrationErrorRaw()));
    line(
        text,
        "calibration error, plan",
        "%s (temperature %s)"
            .formatted(digits(labels.calibrationError()), digits(labels.temperature())));
    line(
        text,
        "abstained",
        "%s (accuracy of the rest %s)"
            .formatted(digits(labels.abstained()), digits(labels.accuracyKept())));
    fit(text, labels.fit());
  }

  private static void table(StringBuilder text, AnyLabels labels) {
    line(
        text,
        "precision, recall",
        String.format(
            Locale.ROOT,
            "%s, %s at %s (n = %d)",
            digits(labels.precision()),
            digits(labels.recall()),
            digits(labels.threshold()),
            labels.references()));
    if (labels.unknownLabels() > 0) {
      line(text, "  labels not in the plan", String.valueOf(labels.unknownLabels()));
    }
    line(text, "F1", digits(labels.f1()));
    line(text, "exactly the right labels", digits(labels.exact()));
    line(text, "calibration error, raw", digits(labels.calibrationErrorRaw()));
    line(
        text,
        "calibration error, plan",
        "%s (temperature %s)"
            .formatted(digits(labels.calibrationError()), digits(labels.temperature())));
    fit(text, labels.fit());
  }

  private static void fit(StringBuilder text, Optional<Fit> fitted) {
    fitted.ifPresent(fit ->
        line(
            text,
            "fitted temperature",
            "%s (calibration error %s on these documents)"
                .formatted(digits(fit.temperature()), digits(fit.calibrationError()))));
  }

  private static void line(StringBuilder text, String what, String value) {
    text.append(what).repeat(' ', Math.max(1, COLUMN - what.length())).append(value).append('\n');
  }

  /** Four digits after the point for what is at most ten, two for more; a point in any locale. */
  private static String digits(double value) {
    return value > 10
        ? String.format(Locale.ROOT, "%.2f", value)
        : String.format(Locale.ROOT, "%.4f", value);
  }

  String json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("documents", report.documents());
    ObjectNode rejections = root.putObject("rejections");
    report.rejections().forEach(rejections::put);
    ObjectNode warnings = root.putObject("warnings");
    tokens.warnings().forEach(warnings::put);
    report.labels().ifPresent(labels -> json(root.putObject("labels"), labels));
    if (!report.classifications().isEmpty() || !report.anyLabels().isEmpty()) {
      ObjectNode named = root.putObject("classifications");
      report.classifications().forEach((task, labels) -> json(named.putObject(task), labels));
      report.anyLabels().forEach((task, labels) -> json(named.putObject(task), labels));
    }
    ObjectNode texts = root.putObject("texts");
    report
        .texts()
        .forEach((what, text) ->
            texts
                .putObject(what)
                .put("measure", text.measure())
                .put("score", text.score())
                .put("references", text.references()));
    root.put("seconds", report.seconds());
    root.put("documentsPerSecond", report.documentsPerSecond());
    root.put("computeSeconds", report.computeSeconds());
    ObjectNode sums = root.putObject("tokens");
    sums.put("document", report.documentTokens());
    sums.put("prompt", report.promptTokens());
    sums.put("generated", report.generatedTokens());
    ObjectNode tasks = root.putObject("tasks");
    tokens
        .tasks()
        .forEach((task, sum) ->
            tasks
                .putObject(task)
                .put("branches", sum.branches())
                .put("suffixTokens", sum.suffixTokens())
                .put("generatedTokens", sum.generatedTokens()));
    return root.toString();
  }

  private static void json(ObjectNode node, Labels labels) {
    node.put("references", labels.references());
    node.put("unknownLabels", labels.unknownLabels());
    node.put("accuracy", labels.accuracy());
    node.put("top3", labels.top3());
    node.put("calibrationErrorRaw", labels.calibrationErrorRaw());
    node.put("temperature", labels.temperature());
    node.put("calibrationError", labels.calibrationError());
    node.put("abstained", labels.abstained());
    node.put("accuracyKept", labels.accuracyKept());
    json(node, labels.fit());
  }

  private static void json(ObjectNode node, AnyLabels labels) {
    node.put("references", labels.references());
    node.put("unknownLabels", labels.unknownLabels());
    node.put("precision", labels.precision());
    node.put("recall", labels.recall());
    node.put("f1", labels.f1());
    node.put("exact", labels.exact());
    node.put("calibrationErrorRaw", labels.calibrationErrorRaw());
    node.put("temperature", labels.temperature());
    node.put("threshold", labels.threshold());
    node.put("calibrationError", labels.calibrationError());
    json(node, labels.fit());
  }

  private static void json(ObjectNode node, Optional<Fit> fitted) {
    fitted.ifPresent(fit ->
        node.putObject("fit")
            .put("temperature", fit.temperature())
            .put("calibrationError", fit.calibrationError()));
  }
}
