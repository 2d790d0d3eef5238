package dev.millrace.enrichment;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What the model said about a document, and how it came about. Immutable.
 *
 * <p>Everything in it is a function of document, model and plan, except the measurements of one
 * run: cached tokens, times, the cost that follows from them, attempt and {@code enrichedAt}
 * ({@link #withoutMeasurements()}).
 *
 * @param document what it is about
 * @param documentSha256 SHA-256 of the text's UTF-8 bytes, hexadecimal
 * @param summary empty if not asked for
 * @param classification empty if not asked for
 * @param translations text by language tag
 * @param safety empty if not asked for
 * @param warnings what a reader must know about the answers; empty if nothing
 * @param coverage which spans of the text were read
 * @param usage tokens, time and cost
 * @param provenance what produced it
 * @param enrichedAt when
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType")
public record Enrichment(
    Document document,
    String documentSha256,
    Optional<String> summary,
    Optional<Classification> classification,
    Map<String, String> translations,
    Optional<Safety> safety,
    List<Warning> warnings,
    Coverage coverage,
    Usage usage,
    Provenance provenance,
    Instant enrichedAt) {

  /** Copies the collections, keeping their order. */
  public Enrichment {
    translations = OrderedCopy.of(translations);
    warnings = List.copyOf(warnings);
  }

  /** The same without what differs from run to run: equal on every replay. */
  public Enrichment withoutMeasurements() {
    return new Enrichment(
        document,
        documentSha256,
        summary,
        classification,
        translations,
        safety,
        warnings,
        coverage,
        new Usage(
            usage.documentTokens(),
            usage.promptTokens(),
            0,
            usage.generatedTokens(),
            usage.requests(),
            0,
            0,
            0,
            usage.apiCostUsd()),
        new Provenance(
            provenance.model(),
            provenance.modelDigest(),
            provenance.quantisation(),
            provenance.adapter(),
            provenance.promptVersion(),
            provenance.engineBuild(),
            provenance.backend(),
            provenance.determinism(),
            1),
        Instant.EPOCH);
  }

  /**
   * Something about an answer that its text alone does not tell.
   *
   * @param code what
   * @param field which part of the enrichment: {@code summary}, {@code translations.it}, ...
   */
  public record Warning(Code code, String field) {

    /** What can be wrong with an answer that is kept. Names are a contract. */
    public enum Code {
      /** The answer reached its token limit and may lack its end. */
      ANSWER_CUT,
      /** The answer repeated itself up to its token limit; the repetition is kept once. */
      ANSWER_REPEATS,
      /** The document's language tag was not usable; the plan's language was assumed. */
      LANGUAGE_ASSUMED
    }
  }

  /**
   * A label and how sure the model is.
   *
   * @param label the likeliest label; still stated when abstained
   * @param probability of that label, 0..1, after calibration
   * @param margin distance to the second likeliest
   * @param distribution probability by label, likeliest first
   * @param abstained whether the probability is below the plan's threshold
   */
  public record Classification(
      String label,
      double probability,
      double margin,
      Map<String, Double> distribution,
      boolean abstained) {

    /** Copies the distribution, keeping its order, and refuses what is no probability. */
    public Classification {
      distribution = OrderedCopy.of(distribution);
      requireProbability("probability", probability);
      requireProbability("margin", margin);
    }
  }

  /**
   * Result of the safety check.
   *
   * @param safe the verdict
   * @param categories violated categories, e.g. {@code S2}
   * @param score probability that it is unsafe, 0..1
   * @param policyVersion which policy was checked
   */
  public record Safety(boolean safe, List<String> categories, double score, String policyVersion) {

    /** Copies the categories and refuses what is no probability. */
    public Safety {
      categories = List.copyOf(categories);
      requireProbability("score", score);
    }
  }

  /**
   * Which part of the text was read.
   *
   * @param characters characters of the text (UTF-16 units)
   * @param spans half-open character ranges that were read, ascending
   * @param fraction read characters over all, 0..1
   */
  public record Coverage(int characters, List<Span> spans, double fraction) {

    /** Copies the spans and refuses a fraction outside 0..1. */
    public Coverage {
      spans = List.copyOf(spans);
      requireProbability("fraction", fraction);
    }

    /** Coverage of a text by spans that do not overlap; exactly 1 if they are all of it. */
    public static Coverage of(int characters, List<Span> spans) {
      long read = spans.stream().mapToLong(span -> span.end() - span.start()).sum();
      return new Coverage(characters, spans, characters == 0 ? 1 : (double) read / characters);
    }
  }

  /** A half-open range of characters. */
  public record Span(int start, int end) {

    /** Refuses a range that ends before it starts. */
    public Span {
      if (start < 0 || end < start) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "not a span: [%d, %d)", start, end));
      }
    }
  }

  /**
   * What it took.
   *
   * @param documentTokens tokens of the document, computed once
   * @param promptTokens all prompt tokens, document included
   * @param cachedTokens those found in the prefix index
   * @param generatedTokens tokens generated
   * @param requests engine requests
   * @param queueNanos time waited in the engine
   * @param computeNanos share of the engine's step time
   * @param costUsd cost at the configured price of an hour; 0 if none is configured
   * @param apiCostUsd what the configured per-token prices would have charged; 0 if none
   */
  public record Usage(
      int documentTokens,
      int promptTokens,
      int cachedTokens,
      int generatedTokens,
      int requests,
      long queueNanos,
      long computeNanos,
      double costUsd,
      double apiCostUsd) {}

  /**
   * What produced it.
   *
   * @param model name of the model directory
   * @param modelDigest SHA-256 of configuration, tokenizer and weights
   * @param quantisation {@code none} or the layout's name
   * @param adapter empty if none
   * @param promptVersion version of the plan's prompts
   * @param engineBuild version of this software
   * @param backend backend and arithmetic, e.g. {@code cpu/bf16}
   * @param determinism determinism class of the backend
   * @param attempt 1 for the first
   */
  public record Provenance(
      String model,
      String modelDigest,
      String quantisation,
      String adapter,
      String promptVersion,
      String engineBuild,
      String backend,
      String determinism,
      int attempt) {}

  private static void requireProbability(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be in 0..1, got " + value);
    }
  }
}
