package dev.millrace.enrichment;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Scored;
import dev.millrace.enrichment.AnswerReader.Answer;
import dev.millrace.enrichment.Enrichment.Classification;
import dev.millrace.enrichment.Enrichment.Safety;
import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.Enrichment.Warning.Code;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.Plan.FlawedAnswers;
import dev.millrace.enrichment.PromptBook.PartPrompt;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.Screen;
import dev.millrace.enrichment.Task.Translate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the model said about the parts of one document, and how the parts' answers become the
 * document's: summaries are handed out to be reduced, label scores are averaged by tokens,
 * translations are joined with the white space that separates the parts, the worst verdict counts.
 * Calls are taken in the parts' order. Owned by the document's job.
 */
final class Findings {
  private final Plan plan;
  private final AnswerReader reader;
  private final List<PartPrompt> parts;
  private final long tokens;
  private final List<String> summaries = new ArrayList<>();
  private final Map<Translate, StringBuilder> translations = new LinkedHashMap<>();
  private final Map<Classify, double[]> scores = new LinkedHashMap<>();
  private final Map<Screen, Verdict> verdicts = new LinkedHashMap<>();
  private final Set<Warning> warnings = new LinkedHashSet<>();

  Findings(Plan plan, AnswerReader reader, List<PartPrompt> parts) {
    this.plan = plan;
    this.reader = reader;
    this.parts = parts;
    this.tokens = parts.stream().mapToLong(PartPrompt::tokens).sum();
  }

  /** What the screenings of the parts found so far. */
  private record Verdict(double score, Set<String> categories) {}

  /**
   * Takes in a call that succeeded; the fault of an answer that cannot be used, if there is one.
   */
  Optional<Rejected> take(EngineCall call) {
    for (int i = 0; i < call.asks().size(); i++) {
      Ask ask = call.asks().get(i);
      Optional<Rejected> fault = take(ask, call.result(i), call.part());
      if (fault.isPresent()) {
        return fault;
      }
    }
    return Optional.empty();
  }

  private Optional<Rejected> take(Ask ask, BranchResult result, int part) {
    switch (ask.role()) {
      case TEXT -> {
        Answer answer = reader.read((Generated) result);
        Optional<Rejected> fault = fault(ask, answer);
        if (fault.isEmpty()) {
          keep(ask.task(), answer.text(), part);
        }
        return fault;
      }
      case LABELS -> average((Classify) ask.task(), ((Scored) result).logProbabilities(), part);
      case VERDICT -> {
        double[] pair = Calibration.probabilities(((Scored) result).logProbabilities(), 1);
        verdicts.merge((Screen) ask.task(), new Verdict(pair[1], Set.of()), Findings::worse);
      }
      case CATEGORIES -> {
        Screen screen = (Screen) ask.task();
        Set<String> named = named(screen, reader.read((Generated) result).text());
        verdicts.merge(screen, new Verdict(0, named), Findings::worse);
      }
    }
    return Optional.empty();
  }

  private Optional<Rejected> fault(Ask ask, Answer answer) {
    String field = ask.task().field();
    if (answer.text().isEmpty()) {
      return Optional.of(
          new Rejected(
              RejectReason.INVALID_ANSWER, "the model's answer for %s is empty".formatted(field)));
    }
    if (answer.flaw().isPresent() && plan.flawedAnswers() == FlawedAnswers.REJECT) {
      return Optional.of(
          new Rejected(
              RejectReason.INVALID_ANSWER,
              ("the model's answer for %s is flawed (%s) and the plan rejects such answers:"
                      + " raise its tokensMax, or set answers.flawed to keep")
                  .formatted(field, answer.flaw().get())));
    }
    answer.flaw().ifPresent(code -> warn(code, field));
    return Optional.empty();
  }

  void warn(Code code, String field) {
    warnings.add(new Warning(code, field));
  }

  private void keep(Task task, String text, int part) {
    if (!(task instanceof Translate translate)) {
      summaries.add(text);
      return;
    }
    StringBuilder joined = translations.computeIfAbsent(translate, _ -> new StringBuilder());
    joined.append(text);
    if (part < parts.size() - 1) {
      String separator = parts.get(part).part().separator();
      joined.append(separator);
    }
  }

  private void average(Classify task, double[] logProbabilities, int part) {
    double[] sums = scores.computeIfAbsent(task, _ -> new double[logProbabilities.length]);
    double weight = parts.size() == 1 ? 1 : (double) parts.get(part).tokens() / tokens;
    for (int i = 0; i < sums.length; i++) {
      sums[i] += weight * logProbabilities[i];
    }
  }

  private static Verdict worse(Verdict a, Verdict b) {
    Set<String> categories = new LinkedHashSet<>(a.categories());
    categories.addAll(b.categories());
    return new Verdict(Math.max(a.score(), b.score()), categories);
  }

  /** The policy's categories that an answer of the form {@code unsafe, S1,S2} names. */
  private static Set<String> named(Screen task, String answer) {
    Set<String> named = new LinkedHashSet<>();
    if (answer.startsWith(task.unsafeText())) {
      for (String word : answer.substring(task.unsafeText().length()).split("[\\s,;]+")) {
        if (task.categories().containsKey(word)) {
          named.add(word);
        }
      }
    }
    return named;
  }

  /** Summaries taken so far; taking in the calls that reduce them adds the reduced ones. */
  List<String> drainSummaries() {
    List<String> drained = List.copyOf(summaries);
    summaries.clear();
    return drained;
  }

  Optional<Classification> classification() {
    return scores.entrySet().stream()
        .findFirst()
        .map(entry -> Calibration.classify(entry.getKey(), entry.getValue()));
  }

  /** Texts by target language, in the plan's order. */
  Map<String, String> translations() {
    Map<String, String> texts = new LinkedHashMap<>();
    translations.forEach((task, text) -> texts.put(task.target(), text.toString().strip()));
    return texts;
  }

  Optional<Safety> safety() {
    return verdicts.entrySet().stream()
        .findFirst()
        .map(entry -> {
          Screen task = entry.getKey();
          double score = entry.getValue().score();
          boolean safe = score < task.threshold();
          Collection<String> named = entry.getValue().categories();
          List<String> categories =
              task.categories().keySet().stream()
                  .filter(code -> !safe && named.contains(code))
                  .toList();
          return new Safety(safe, categories, score, task.policyVersion());
        });
  }

  List<Warning> warnings() {
    return List.copyOf(warnings);
  }
}
