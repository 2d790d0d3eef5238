package dev.millrace.enrichment;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.request.Branch;
import dev.millrace.enrichment.Ask.Role;
import dev.millrace.enrichment.Enrichment.Usage;
import dev.millrace.enrichment.Plan.Prices;
import java.util.LinkedHashSet;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Adds up what a document's calls took, and what an API would have charged for the same: one call
 * for each task and part, each with the whole document once in its prompt. Owned by the document's
 * job.
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
    Set<Task> charged = new LinkedHashSet<>();
    for (int i = 0; i < call.asks().size(); i++) {
      Ask ask = call.asks().get(i);
      if (ask.role() == Role.SCORES && call.asks().stream().anyMatch(other -> names(other, ask))) {
        continue; // one answer says both
      }
      int document = charged.add(ask.task()) ? call.prefixTokens() : 0;
      apiInputTokens += document + ask.branch().suffix().length;
      apiOutputTokens += answerTokens(ask.branch(), call.result(i));
    }
  }

  private static boolean names(Ask other, Ask verdict) {
    return other.role() == Role.CATEGORIES && other.task().equals(verdict.task());
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

  /** The sum, for a document that has so many tokens in all. */
  Usage total(int documentTokens) {
    return new Usage(
        documentTokens,
        promptTokens,
        cachedTokens,
        generatedTokens,
        requests,
        queueNanos,
        computeNanos,
        cost(),
        apiCost());
  }

  private OptionalDouble cost() {
    return prices.deviceHour().isPresent()
        ? OptionalDouble.of(computeNanos / NANOS_PER_HOUR * prices.deviceHour().getAsDouble())
        : OptionalDouble.empty();
  }

  /** Unknown unless both prices are: half a price would pass for a low one. */
  private OptionalDouble apiCost() {
    if (prices.apiInputMillion().isEmpty() || prices.apiOutputMillion().isEmpty()) {
      return OptionalDouble.empty();
    }
    double input = apiInputTokens * prices.apiInputMillion().getAsDouble();
    double output = apiOutputTokens * prices.apiOutputMillion().getAsDouble();
    return OptionalDouble.of((input + output) / TOKENS_PER_PRICE);
  }
}
