package dev.millrace.enrichment;

import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.tokenizer.ChatTemplate.Message;
import dev.millrace.enrichment.Ask.Role;
import dev.millrace.enrichment.PromptBook.PartPrompt;
import java.util.List;

/**
 * How a task is put to a model, and what becomes of the answers. One implementation for each kind
 * of task; a kind is added here, in {@link Task}, {@link TaskReader} and {@link PlanDigest}.
 * Immutable.
 */
sealed interface Question
    permits WrittenQuestion,
        ClassifyQuestion,
        ClassifyAnyQuestion,
        TranslateQuestion,
        ScreenQuestion {

  /** The question of a task. */
  static Question of(Task task) {
    return switch (task) {
      case Task.Written t -> new WrittenQuestion(t);
      case Task.Classify t -> new ClassifyQuestion(t);
      case Task.ClassifyAny t -> new ClassifyAnyQuestion(t);
      case Task.Translate t -> new TranslateQuestion(t);
      case Task.Screen t -> new ScreenQuestion(t);
    };
  }

  /** What asks. */
  Task task();

  /**
   * Texts that follow the document, one for each turn that is asked; none if the task has a prompt
   * of its own.
   */
  List<String> instructions();

  /** The prompt that the task has for itself, if it has one. */
  default List<Message> ownPrompt(String system, String document) {
    throw new IllegalStateException(task().name() + " shares the document's prompt");
  }

  /** The alternatives that are scored; none if nothing is. */
  default List<String> alternatives() {
    return List.of();
  }

  /** Most tokens of a generated answer; 0 if none is generated. */
  default int generatedTokensMax() {
    return 0;
  }

  /**
   * Branches about one part of a document.
   *
   * @param number which of the instructions is asked, from 0
   * @param language of the document
   */
  List<Ask> asks(int number, Wording wording, String language);

  /** For what is found about a document of those parts. */
  Finding finding(List<PartPrompt> parts);

  /**
   * A question in tokens.
   *
   * @param suffix follows the prefix
   * @param alternatives those that are scored
   * @param partTokens tokens of the part it is about
   */
  record Wording(int[] suffix, List<int[]> alternatives, int partTokens) {

    Ask text(Task task, Role role, int tokensMax) {
      Branch branch = new Branch.Generate(suffix, tokensMax, SamplingParams.GREEDY);
      return new Ask(task, role, 0, branch);
    }

    Ask scores(Task task, int number) {
      return new Ask(task, Role.SCORES, number, new Branch.Score(suffix, alternatives));
    }
  }
}
