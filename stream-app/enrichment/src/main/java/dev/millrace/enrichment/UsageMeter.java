package dev.millrace.enrichment;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.request.Branch;
import dev.millrace.enrichment.Ask.Role;
import dev.millrace.enrichment.Enrichment.Usage;
import dev.millrace.enrichment.Plan.Prices;
import java.util.List;

/**
 * Adds up what a document's calls took, and what an API would have charged for the same: one call
 * for each task and part, each with the whole document in its prompt. Owned by the document's job.
 */
final class UsageMeter {
  private static final double NANOS_PER_HOUR = 3.6e12;
  private static final double TOKENS_PER_PRICE = 1e6;

  private final Prices prices;
  private int promptTokens;
  private int cachedTokens;
  private int generatedTokens;
  private int requests;
  private long queueNanos;
  private long computeNanos;
  private long apiInputTokens;
  private long apiOutputTokens;

  UsageMeter(Prices prices) {
    this.prices = prices;
  }

  /** Adds a call that succeeded. */
  void add(EngineCall call) {
    RequestUsage usage = call.usage().orElseThrow();
    requests++;
    promptTokens += usage.prefixTokens() + usage.suffixTokens();
    cachedTokens += usage.cachedTokens();
    generatedTokens += usage.generatedTokens();
    queueNanos += usage.queueNanos();
    computeNanos += usage.computeNanos();
    boolean named = call.asks().stream().anyMatch(ask -> ask.role() == Role.CATEGORIES);
    for (int i = 0; i < call.asks().size(); i++) {
      Ask ask = call.asks().get(i);
      boolean sameAnswer = named && ask.role() == Role.VERDICT;
      if (!sameAnswer) {
        apiInputTokens += call.prefixTokens() + ask.branch().suffix().length;
        apiOutputTokens += answerTokens(ask.branch(), call.result(i));
      }
    }
  }

  /** Tokens of the answer an API would have generated: a label is generated where we score it. */
  private static int answerTokens(Branch branch, BranchResult result) {
    return switch (branch) {
      case Branch.Generate _ -> result.usage().generatedTokens();
      case Branch.Score score ->
          score.labels().get(best(((BranchResult.Scored) result).logProbabilities())).length;
    };
  }

  private static int best(double[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    return best;
  }

  /** The sum, for a document whose parts have those tokens. */
  Usage total(List<PromptBook.PartPrompt> parts) {
    return new Usage(
        parts.stream().mapToInt(PromptBook.PartPrompt::tokens).sum(),
        promptTokens,
        cachedTokens,
        generatedTokens,
        requests,
        queueNanos,
        computeNanos,
        computeNanos / NANOS_PER_HOUR * prices.deviceHour(),
        (apiInputTokens * prices.apiInputMillion() + apiOutputTokens * prices.apiOutputMillion())
            / TOKENS_PER_PRICE);
  }
}
