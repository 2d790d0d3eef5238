package dev.millrace.enrichment;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the model said about a document. {@code summary} and {@code classification} are those of the
 * tasks that the plan does not name; where it names all, those of the first, which stand under
 * their names, too. Immutable.
 *
 * @param summary empty if not asked for
 * @param texts by name: summaries and other texts of named tasks, in the plan's order
 * @param classification of one label; empty if not asked for
 * @param classifications by name, those of named tasks, in the plan's order
 * @param translations text by language tag, in the plan's order
 * @param safety empty if not asked for
 */
@SuppressWarnings("OptionalUsedAsFieldOrParameterType")
public record Answers(
    Optional<String> summary,
    Map<String, String> texts,
    Optional<Classification> classification,
    Map<String, Classification> classifications,
    Map<String, String> translations,
    Optional<Safety> safety) {

  /** Nothing was asked. */
  public static final Answers NONE =
      new Answers(
          Optional.empty(), Map.of(), Optional.empty(), Map.of(), Map.of(), Optional.empty());

  /** Copies the collections, keeping their order. */
  public Answers {
    texts = OrderedCopy.of(texts);
    classifications = OrderedCopy.of(classifications);
    translations = OrderedCopy.of(translations);
  }

  /** A summary and nothing else. */
  public static Answers ofSummary(String summary) {
    return new Answers(
        Optional.of(summary),
        NONE.texts(),
        NONE.classification(),
        NONE.classifications(),
        NONE.translations(),
        NONE.safety());
  }

  /**
   * Labels and how sure the model is.
   *
   * @param likeliest of one label of a set; empty where each label is asked about on its own
   * @param labels those the document gets, likeliest first: the likeliest unless abstained, or
   *     every one from the plan's threshold on
   * @param distribution probability by label, likeliest first; of one label of a set, they sum to 1
   * @param abstained whether the likeliest label's probability is below the plan's threshold
   */
  public record Classification(
      Optional<Likeliest> likeliest,
      List<String> labels,
      Map<String, Double> distribution,
      boolean abstained) {

    /** Copies the collections, keeping their order. */
    public Classification {
      labels = List.copyOf(labels);
      distribution = OrderedCopy.of(distribution);
      distribution.values().forEach(each -> requireProbability("probability", each));
    }

    /** One label of a set. */
    public static Classification ofOne(
        Likeliest likeliest, Map<String, Double> distribution, boolean abstained) {
      return new Classification(
          Optional.of(likeliest),
          abstained ? List.of() : List.of(likeliest.label()),
          distribution,
          abstained);
    }

    /** Any number of labels. */
    public static Classification ofAny(List<String> labels, Map<String, Double> distribution) {
      return new Classification(Optional.empty(), labels, distribution, false);
    }
  }

  /**
   * The likeliest label of a set.
   *
   * @param label stated even when abstained
   * @param probability of that label, 0..1, after calibration
   * @param margin distance to the second likeliest, 0..1
   */
  public record Likeliest(String label, double probability, double margin) {

    /** Refuses what is no probability. */
    public Likeliest {
      requireProbability("probability", probability);
      requireProbability("margin", margin);
    }
  }

  /**
   * Result of the safety check.
   *
   * @param checks one for each text that was checked, at least one
   */
  public record Safety(List<Check> checks) {

    /** Says that the document itself was checked. */
    public static final String DOCUMENT = "document";

    /** Copies the checks; refuses none. */
    public Safety {
      checks = List.copyOf(checks);
      if (checks.isEmpty()) {
        throw new IllegalArgumentException("a safety verdict rests on at least one check");
      }
    }

    /** Whether every text that was checked is safe. */
    public boolean safe() {
      return checks.stream().allMatch(Check::safe);
    }

    /**
     * The verdict on one text.
     *
     * @param task which task checked it
     * @param text what was checked: {@value #DOCUMENT}, or the name of the task that wrote it
     * @param policyVersion which policy was checked
     * @param safe the verdict
     * @param categories violated categories, e.g. {@code S2}, in the policy's order
     * @param score probability that it is unsafe, 0..1
     */
    public record Check(
        String task,
        String text,
        String policyVersion,
        boolean safe,
        List<String> categories,
        double score) {

      /** Copies the categories and refuses what is no probability. */
      public Check {
        categories = List.copyOf(categories);
        requireProbability("score", score);
      }
    }
  }

  static void requireProbability(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be in 0..1, got " + value);
    }
  }
}
