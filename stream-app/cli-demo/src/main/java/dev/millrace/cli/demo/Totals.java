package dev.millrace.cli.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.cli.Progress;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Sums over a run.
 *
 * @param documents outcomes read
 * @param enriched on the enriched topic
 * @param quarantined on the quarantine topic
 * @param deadLetters on the dead-letter topic
 * @param documentTokens tokens of the documents, each computed once
 * @param promptTokens tokens of all prompts, documents included
 * @param cachedTokens those found in the prefix index
 * @param generatedTokens tokens generated
 * @param apiCostUsd what the plan's per-token prices would have charged, as far as outcomes know;
 *     empty if none does
 * @param startToFirst from the start of the program, the JVM's own included, to the first outcome
 * @param sentToLast from when the first document was sent to the last outcome
 */
record Totals(
    int documents,
    int enriched,
    int quarantined,
    int deadLetters,
    long documentTokens,
    long promptTokens,
    long cachedTokens,
    long generatedTokens,
    OptionalDouble apiCostUsd,
    Duration startToFirst,
    Duration sentToLast) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Sums up outcomes. */
  static Totals of(List<Outcome> outcomes, Duration startToFirst, Duration sentToLast) {
    int enriched = 0;
    int quarantined = 0;
    long document = 0;
    long prompt = 0;
    long cached = 0;
    long generated = 0;
    OptionalDouble api = OptionalDouble.empty();
    for (Outcome outcome : outcomes) {
      Enrichment.Usage usage;
      switch (outcome) {
        case Outcome.Enriched(Enrichment enrichment) -> {
          enriched++;
          usage = enrichment.usage();
        }
        case Outcome.Quarantined(Enrichment enrichment) -> {
          quarantined++;
          usage = enrichment.usage();
        }
        case Outcome.Rejected _, Outcome.Deleted _ -> {
          continue;
        }
      }
      document += usage.documentTokens();
      prompt += usage.promptTokens();
      cached += usage.cachedTokens();
      generated += usage.generatedTokens();
      if (usage.apiCostUsd().isPresent()) {
        api = OptionalDouble.of(api.orElse(0) + usage.apiCostUsd().getAsDouble());
      }
    }
    return new Totals(
        outcomes.size(),
        enriched,
        quarantined,
        outcomes.size() - enriched - quarantined,
        document,
        prompt,
        cached,
        generated,
        api,
        startToFirst,
        sentToLast);
  }

  /** Documents per second, from sending them to the last outcome; 0 where that says nothing. */
  double documentsPerSecond() {
    return sentToLast.isZero() ? 0 : documents / (sentToLast.toNanos() / 1e9);
  }

  /** {@code {"totals":{..}}}, on one line. */
  String json() {
    ObjectNode line = JSON.createObjectNode();
    ObjectNode totals = line.putObject("totals");
    totals.put("documents", documents);
    totals.put("enriched", enriched);
    totals.put("quarantined", quarantined);
    totals.put("deadLetters", deadLetters);
    totals.put("documentTokens", documentTokens);
    totals.put("promptTokens", promptTokens);
    totals.put("cachedTokens", cachedTokens);
    totals.put("generatedTokens", generatedTokens);
    totals.put("apiCostUsd", apiCostUsd.isPresent() ? apiCostUsd.getAsDouble() : null);
    totals.put("startToFirstMillis", startToFirst.toMillis());
    totals.put("sentToLastMillis", sentToLast.toMillis());
    totals.put("documentsPerSecond", Math.round(documentsPerSecond() * 100) / 100.0);
    return line.toString();
  }

  /** Lines for a person. */
  List<String> lines() {
    return List.of(
        String.format(
            Locale.ROOT,
            "%,d documents: %,d enriched, %,d quarantined, %,d dead letters; each exactly once",
            documents,
            enriched,
            quarantined,
            deadLetters),
        String.format(
            Locale.ROOT,
            "%,d prompt tokens (%,d of documents, %,d from the cache), %,d generated",
            promptTokens,
            documentTokens,
            cachedTokens,
            generatedTokens),
        String.format(
            Locale.ROOT,
            "first outcome %s after the start of the program; %.1f documents a second from sending"
                + " to the last outcome%s",
            Progress.readable(startToFirst),
            documentsPerSecond(),
            apiCostUsd.isPresent()
                ? String.format(
                    Locale.ROOT, "; an API would have charged $%.4f", apiCostUsd.getAsDouble())
                : ""));
  }
}
