package dev.millrace.enrichment;

import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.ModelInfo;
import dev.millrace.enrichment.Enrichment.Model;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A model that tasks ask: its engine, their prompts in its tokens, and what reads its answers.
 *
 * @param name the plan's name for it
 * @param engine borrowed
 * @param prompts of the tasks that ask it
 * @param answers decodes its answers
 * @param model what records say about it
 */
record Asker(
    String name, InferenceEngine engine, PromptBook prompts, AnswerReader answers, Model model) {

  /**
   * The models that a plan's tasks ask, in the tasks' order.
   *
   * @param engines by name
   * @throws PlanException if a task names a model that is not there, or does not fit its model
   */
  static Map<String, Asker> of(Plan plan, Map<String, InferenceEngine> engines) {
    List<String> missing = new ArrayList<>();
    for (Task task : plan.tasks()) {
      if (!engines.containsKey(task.model())) {
        missing.add(
            String.format(
                Locale.ROOT,
                "task %s asks model %s, which is not there; there %s %s",
                task.name(),
                task.model(),
                engines.size() == 1 ? "is" : "are",
                String.join(", ", engines.keySet())));
      }
    }
    if (!missing.isEmpty()) {
      throw new PlanException(plan.promptVersion(), missing);
    }
    Map<String, Asker> askers = new LinkedHashMap<>();
    Set<String> asked = plan.models();
    engines.forEach((name, engine) -> {
      if (asked.contains(name)) {
        askers.put(name, of(name, engine, plan));
      }
    });
    return askers;
  }

  private static Asker of(String name, InferenceEngine engine, Plan plan) {
    ModelInfo info = engine.model();
    List<Task> own = plan.tasks().stream().filter(task -> task.model().equals(name)).toList();
    Model model =
        new Model(
            info.name(),
            info.digest(),
            info.quantisation(),
            info.backend().name() + "/" + info.backend().arithmetic(),
            info.backend().kernelBuild(),
            info.backend().determinism());
    return new Asker(
        name,
        engine,
        new PromptBook(plan.withTasks(own), info),
        new AnswerReader(info.tokenizer()),
        model);
  }
}
