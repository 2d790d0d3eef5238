package dev.millrace.enrichment;

import dev.millrace.enrichment.PromptBook.Prepared;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How many of a document's tokens a model reads at once, beside prompts and answers.
 *
 * @param documents what the plan says
 * @param contextTokens the longest sequence the model takes
 * @param overheadTokens of the prompt before the document
 */
record PartBudget(Plan.Documents documents, int contextTokens, int overheadTokens) {
  private static final int TEXTS_SPARE = 8;

  /** Tokens of the longest part. */
  int partTokensMax(List<Prepared> questions) {
    int wanted = documents.tokensMax();
    return wanted == 0 ? Math.max(available(questions), 0) : wanted;
  }

  private int available(List<Prepared> questions) {
    int available = Integer.MAX_VALUE;
    for (Prepared each : questions) {
      int before = each.hasOwnPrompt() ? each.ownTokens() : overheadTokens;
      int rest = contextTokens - before - each.suffixTokensMax() - each.answerTokensMax();
      available = Math.min(available, rest);
    }
    return available;
  }

  /** What does not fit, with figures. */
  List<String> problems(List<Prepared> questions) {
    List<String> problems = new ArrayList<>();
    int available = available(questions);
    int part = partTokensMax(questions);
    if (part > available || part < Limits.PART_TOKENS.min) {
      problems.add(
          String.format(
              Locale.ROOT,
              ("documents.tokensMax: parts of %d tokens are wanted, at least %d; the model's"
                  + " context of %d tokens leaves %d beside the prompts and answers"),
              part,
              Limits.PART_TOKENS.min,
              contextTokens,
              available));
    }
    for (Prepared each : questions) {
      if (each.question().task() instanceof Task.Written task
          && documents.partsMax() > 1
          && 2 * task.tokensMax() + TEXTS_SPARE > part) {
        problems.add(
            String.format(
                Locale.ROOT,
                ("task %s: tokensMax: two answers of %d tokens do not fit a part of %d tokens, so"
                    + " those about a long document's parts cannot be joined"),
                task.name(),
                task.tokensMax(),
                part));
      }
    }
    return problems;
  }
}
