package dev.millrace.enrichment;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Scored;
import dev.millrace.enrichment.AnswerReader.Answer;
import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.Plan.FlawedAnswers;
import dev.millrace.enrichment.PromptBook.PartPrompt;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One model's reading of one document: its parts, what is asked about them, and what was found.
 * Calls are taken in the parts' order. Owned by the document's job.
 */
final class Findings {
  private final Asker asker;
  private final FlawedAnswers flawedAnswers;
  private final Set<Warning> warnings;
  private final List<PartPrompt> parts;
  private final Map<Task, Finding> byTask;
  private final Set<Task> asked = new LinkedHashSet<>();

  /**
   * Splits a document's text.
   *
   * @param warnings where a flaw that is kept is written down
   * @throws DocumentException if what the plan puts around the text leaves no room for it
   */
  Findings(Asker asker, FlawedAnswers flawedAnswers, Set<Warning> warnings, Document document) {
    this.asker = asker;
    this.flawedAnswers = flawedAnswers;
    this.warnings = warnings;
    this.parts = asker.prompts().parts(document);
    this.byTask = asker.prompts().findings(parts);
  }

  Asker asker() {
    return asker;
  }

  List<PartPrompt> parts() {
    return parts;
  }

  /** Where the last part ends. */
  int end() {
    return parts.getLast().part().end();
  }

  /** Tasks that were asked about this document. */
  Set<Task> asked() {
    return asked;
  }

  /** What is asked about the document in a language; nothing if no task applies to it. */
  List<EngineCall> calls(String language) {
    List<EngineCall> calls = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      calls.addAll(asker.prompts().calls(i, parts.get(i), language));
    }
    calls.forEach(call -> call.asks().forEach(ask -> asked.add(ask.task())));
    return calls;
  }

  /** What must still be asked once all calls are taken in. */
  List<EngineCall> reductions() {
    return byTask.values().stream()
        .flatMap(finding -> finding.reductions(asker.prompts()).stream())
        .toList();
  }

  /**
   * Takes in a call that succeeded; the fault of an answer that cannot be used, if there is one.
   */
  Optional<Rejected> take(EngineCall call) {
    for (int i = 0; i < call.asks().size(); i++) {
      Optional<Rejected> fault = take(call.asks().get(i), call.result(i), call.part());
      if (fault.isPresent()) {
        return fault;
      }
    }
    return Optional.empty();
  }

  private Optional<Rejected> take(Ask ask, BranchResult result, int part) {
    Finding finding = finding(ask.task());
    switch (ask.role()) {
      case SCORES -> finding.take(ask, ((Scored) result).logProbabilities(), part);
      case CATEGORIES -> finding.take(ask, asker.answers().read((Generated) result).text(), part);
      case TEXT -> {
        Answer answer = asker.answers().read((Generated) result);
        Optional<Rejected> fault = fault(ask.task().name(), answer);
        if (fault.isPresent()) {
          return fault;
        }
        finding.take(ask, answer.text(), part);
      }
    }
    return Optional.empty();
  }

  private Optional<Rejected> fault(String task, Answer answer) {
    if (answer.text().isEmpty()) {
      return Optional.of(
          new Rejected(
              RejectReason.INVALID_ANSWER, "the model's answer for %s is empty".formatted(task)));
    }
    if (answer.flaw().isPresent() && flawedAnswers == FlawedAnswers.REJECT) {
      return Optional.of(
          new Rejected(
              RejectReason.INVALID_ANSWER,
              ("the model's answer for %s is flawed (%s) and the plan rejects such answers:"
                      + " raise its tokensMax, or set answers.flawed to keep")
                  .formatted(task, answer.flaw().get())));
    }
    answer.flaw().ifPresent(code -> warnings.add(new Warning(code, task)));
    return Optional.empty();
  }

  /** What was found in one of the model's tasks. */
  Finding finding(Task task) {
    Finding finding = byTask.get(task);
    if (finding == null) {
      throw new IllegalArgumentException(task.name() + " does not ask model " + asker.name());
    }
    return finding;
  }
}
