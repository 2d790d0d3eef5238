package dev.millrace.enrichment;

import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Answers.Safety;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What the model said about a document, and how it came about. Immutable.
 *
 * <p>Everything in it is a function of document, models and plan, except where the document was
 * read and the measurements of one run: cached tokens, times, the cost that follows from them,
 * attempt and {@code enrichedAt} ({@link #withoutMeasurements()}).
 *
 * @param document what it is about
 * @param documentSha256 SHA-256 of the text's UTF-8 bytes, hexadecimal
 * @param sourcePosition where the document was read; empty if that is no topic, or not said yet
 * @param language the document's, as the tasks went by it
 * @param answers what the model said
 * @param warnings what a reader must know about the answers; empty if nothing
 * @param coverage which spans of the text were read
 * @param usage tokens, time and cost
 * @param provenance what produced it
 * @param attempt 1 for the first
 * @param enrichedAt when, in milliseconds
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType")
public record Enrichment(
    Document document,
    String documentSha256,
    Optional<SourcePosition> sourcePosition,
    DocumentLanguage language,
    Answers answers,
    List<Warning> warnings,
    Coverage coverage,
    Usage usage,
    Provenance provenance,
    int attempt,
    Instant enrichedAt) {

  /** Copies the collections, keeping their order. */
  public Enrichment {
    warnings = List.copyOf(warnings);
  }

  /** The summary that scripts look at first: {@link Answers#summary}. */
  public Optional<String> summary() {
    return answers.summary();
  }

  /** The classification that scripts look at first: {@link Answers#classification}. */
  public Optional<Classification> classification() {
    return answers.classification();
  }

  /** Text by language tag. */
  public Map<String, String> translations() {
    return answers.translations();
  }

  /** The safety verdict; empty if not asked for. */
  public Optional<Safety> safety() {
    return answers.safety();
  }

  /** The same with one more warning. */
  public Enrichment with(Warning warning) {
    List<Warning> more = new ArrayList<>(warnings);
    more.add(warning);
    return new Enrichment(
        document,
        documentSha256,
        sourcePosition,
        language,
        answers,
        more,
        coverage,
        usage,
        provenance,
        attempt,
        enrichedAt);
  }

  /** The same without what differs from run to run: equal on every replay. */
  public Enrichment withoutMeasurements() {
    return new Enrichment(
        document,
        documentSha256,
        Optional.empty(),
        language,
        answers,
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
            OptionalDouble.empty(),
            usage.apiCostUsd()),
        provenance,
        1,
        Instant.EPOCH);
  }

  /**
   * Where a document was read.
   *
   * @param topic which topic
   * @param partition of that topic
   * @param offset in that partition
   */
  public record SourcePosition(String topic, int partition, long offset) {}

  /**
   * The language of a document.
   *
   * @param used primary subtag that the tasks went by
   * @param basis how it is known
   */
  public record DocumentLanguage(String used, Basis basis) {

    /** How a language is known. Names are a contract. */
    public enum Basis {
      /** A version of this software that is newer than the reader's knows. */
      UNKNOWN,
      /** The document states it. */
      STATED,
      /** The plan assumes it of documents that state none, or none that can be used. */
      ASSUMED,
      /** It was found in the text. */
      DETECTED
    }
  }

  /**
   * Something about an answer that its text alone does not tell.
   *
   * @param code what
   * @param field name of the task: {@code summary}, {@code translations.it}, ...; or {@code
   *     language}
   */
  public record Warning(Code code, String field) {

    /** What can be wrong with an answer that is kept. Names are a contract. */
    public enum Code {
      /** The answer reached its token limit and may lack its end. */
      ANSWER_CUT,
      /** The answer repeated itself up to its token limit; the repetition is kept once. */
      ANSWER_REPEATS,
      /** The document's language tag was not usable; the plan's language was assumed. */
      LANGUAGE_ASSUMED,
      /** The document was consumed under another plan or model, and finished with this one. */
      PLAN_CHANGED
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
      Answers.requireProbability("fraction", fraction);
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
   * @param documentTokens tokens of the document, computed once by each model
   * @param promptTokens all prompt tokens, document included
   * @param cachedTokens those found in the prefix index
   * @param generatedTokens tokens generated
   * @param requests engine requests
   * @param queueNanos time waited in the engine
   * @param computeNanos share of the engine's step time
   * @param costUsd cost at the configured price of an hour; empty if none is configured
   * @param apiCostUsd what the configured per-token prices would have charged; empty unless both
   *     are configured
   */
  public record Usage(
      int documentTokens,
      int promptTokens,
      int cachedTokens,
      int generatedTokens,
      int requests,
      long queueNanos,
      long computeNanos,
      OptionalDouble costUsd,
      OptionalDouble apiCostUsd) {}

  /**
   * What produced it.
   *
   * @param promptVersion version of the plan's prompts
   * @param engineBuild version of this software
   * @param models those that the plan asks, by the plan's name for each
   * @param tasks those that were asked about this document, by name, in the plan's order
   */
  public record Provenance(
      String promptVersion,
      String engineBuild,
      Map<String, Model> models,
      Map<String, AskedTask> tasks) {

    /** Copies the maps, keeping their order. */
    public Provenance {
      models = OrderedCopy.of(models);
      tasks = OrderedCopy.of(tasks);
    }
  }

  /**
   * A model.
   *
   * @param model name of its directory
   * @param modelDigest SHA-256 of configuration, tokenizer and weights
   * @param quantisation {@code none} or the layout's name
   * @param backend backend and arithmetic, e.g. {@code cpu/bf16}
   * @param kernelBuild digest of this software's own compiled kernels that computed; empty where
   *     none did
   * @param determinism determinism class of the backend
   */
  public record Model(
      String model,
      String modelDigest,
      String quantisation,
      String backend,
      String kernelBuild,
      String determinism) {}

  /**
   * A task that was asked.
   *
   * @param model the plan's name for the model it asked
   * @param adapter applied to the model; empty if none
   * @param promptDigest digest of all that shapes its answer but the model: the first twelve digits
   */
  public record AskedTask(String model, String adapter, String promptDigest) {}
}
