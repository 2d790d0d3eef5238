package dev.millrace.enrichment;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the model said about a document, and how it came about.
 *
 * @param document what it is about
 * @param documentSha256 SHA-256 of the text's UTF-8 bytes, hexadecimal
 * @param summary empty if not asked for
 * @param classification empty if not asked for
 * @param translations text by language tag
 * @param safety empty if not asked for
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
    Coverage coverage,
    Usage usage,
    Provenance provenance,
    Instant enrichedAt) {

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
      boolean abstained) {}

  /**
   * Result of the safety check.
   *
   * @param safe the verdict
   * @param categories violated categories, e.g. {@code S2}
   * @param score probability that it is unsafe, 0..1
   * @param policyVersion which policy was checked
   */
  public record Safety(boolean safe, List<String> categories, double score, String policyVersion) {}

  /**
   * Which part of the text was read.
   *
   * @param characters characters of the text (UTF-16 units)
   * @param spans half-open character ranges that were read, ascending
   * @param fraction read characters over all, 0..1
   */
  public record Coverage(int characters, List<Span> spans, double fraction) {}

  /** A half-open range of characters. */
  public record Span(int start, int end) {}

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
}
