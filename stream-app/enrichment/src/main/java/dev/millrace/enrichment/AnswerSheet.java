package dev.millrace.enrichment;

import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Answers.Safety;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.Summarise;
import dev.millrace.enrichment.Task.Translate;
import dev.millrace.enrichment.Task.Written;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where the answers of one document are written down, in the plan's order. Owned by its job. */
final class AnswerSheet {
  private final Map<String, String> texts = new LinkedHashMap<>();
  private final Map<String, Classification> classifications = new LinkedHashMap<>();
  private final Map<String, String> translations = new LinkedHashMap<>();
  private final List<Safety.Check> checks = new ArrayList<>();

  void text(Written task, String text) {
    texts.put(task.name(), text);
  }

  void classification(Task task, Classification classification) {
    classifications.put(task.name(), classification);
  }

  void translation(Translate task, String text) {
    translations.put(task.target(), text);
  }

  void check(Safety.Check check) {
    checks.add(check);
  }

  /** What was written down for the tasks of a plan. */
  Answers answers(Plan plan) {
    Optional<String> summary = plan.summarise().map(task -> texts.get(task.name()));
    Optional<Classification> classification =
        plan.classify().map(task -> classifications.get(task.name()));
    Map<String, String> namedTexts = new LinkedHashMap<>(texts);
    namedTexts.remove(Summarise.NAME);
    Map<String, Classification> named = new LinkedHashMap<>(classifications);
    named.remove(Classify.NAME);
    return new Answers(
        summary,
        namedTexts,
        classification,
        named,
        translations,
        checks.isEmpty() ? Optional.empty() : Optional.of(new Safety(checks)));
  }
}
