package dev.millrace.enrichment;

import dev.millrace.engine.tokenizer.ChatTemplate.Message;
import dev.millrace.enrichment.Answers.Safety;
import dev.millrace.enrichment.Ask.Role;
import dev.millrace.enrichment.PromptBook.PartPrompt;
import dev.millrace.enrichment.Task.Screen;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A safety verdict: of several parts' the worst counts, and all categories that are named. */
record ScreenQuestion(Screen task) implements Question {
  private static final String DOCUMENT = "{document}";
  private static final String CATEGORIES = "{categories}";
  private static final int UNSAFE = 1;

  @Override
  public List<String> instructions() {
    return task.layout() == Screen.Layout.INSTRUCTION ? List.of(withCategories()) : List.of();
  }

  @Override
  public List<Message> ownPrompt(String system, String document) {
    String prompt = withCategories();
    int at = prompt.indexOf(DOCUMENT);
    String filled = prompt.substring(0, at) + document + prompt.substring(at + DOCUMENT.length());
    List<Message> messages = new ArrayList<>();
    if (!system.isEmpty()) {
      messages.add(new Message("system", system));
    }
    messages.add(new Message("user", filled));
    return messages;
  }

  private String withCategories() {
    String categories =
        task.categories().entrySet().stream()
            .map(category -> category.getKey() + ": " + category.getValue())
            .collect(Collectors.joining("\n"));
    return task.prompt().replace(CATEGORIES, categories);
  }

  @Override
  public List<String> alternatives() {
    return List.of(task.safeText(), task.unsafeText());
  }

  @Override
  public int generatedTokensMax() {
    return task.categories().isEmpty() ? 0 : task.tokensMax();
  }

  @Override
  public List<Ask> asks(int number, Wording wording, String language) {
    Ask verdict = wording.scores(task, number);
    return task.categories().isEmpty()
        ? List.of(verdict)
        : List.of(verdict, wording.text(task, Role.CATEGORIES, task.tokensMax()));
  }

  @Override
  public Finding finding(List<PartPrompt> parts) {
    return new Verdict(task);
  }

  private static final class Verdict implements Finding {
    private final Screen task;
    private final Set<String> named = new LinkedHashSet<>();
    private double score = -1;

    Verdict(Screen task) {
      this.task = task;
    }

    @Override
    public void take(Ask ask, double[] logProbabilities, int part) {
      score = Math.max(score, Calibration.probabilities(logProbabilities, 1)[UNSAFE]);
    }

    /** The policy's categories that an answer of the form {@code unsafe, S1,S2} names. */
    @Override
    public void take(Ask ask, String text, int part) {
      if (text.startsWith(task.unsafeText())) {
        for (String word : text.substring(task.unsafeText().length()).split("[\\s,;]+")) {
          if (task.categories().containsKey(word)) {
            named.add(word);
          }
        }
      }
    }

    @Override
    public void fill(AnswerSheet sheet) {
      if (score < 0) {
        return;
      }
      boolean safe = score < task.threshold();
      List<String> categories =
          task.categories().keySet().stream()
              .filter(code -> !safe && named.contains(code))
              .toList();
      sheet.check(
          new Safety.Check(
              task.name(), Safety.DOCUMENT, task.policyVersion(), safe, categories, score));
    }
  }
}
