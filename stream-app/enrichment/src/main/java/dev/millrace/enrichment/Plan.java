package dev.millrace.enrichment;

import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.Translate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The tasks for a document, with their prompts and limits. Read from {@code enrichment.yaml} by
 * {@link PlanReader}. Immutable.
 *
 * @param promptVersion the author's name for this version of the prompts, not empty
 * @param language primary subtag assumed of documents that state no language
 * @param system system message, empty for none
 * @param documents how documents are read
 * @param flawedAnswers what becomes of a document whose answer was cut or repeats itself
 * @param tasks at least one; at most one summary, classification and screening, and at most one
 *     translation for each pair of languages
 * @param prices for cost and API-equivalent cost
 */
public record Plan(
    String promptVersion,
    String language,
    String system,
    Documents documents,
    FlawedAnswers flawedAnswers,
    List<Task> tasks,
    Prices prices) {

  /** File name beside a model. */
  public static final String FILE_NAME = "enrichment.yaml";

  /** Copies the tasks; refuses none, and two that would fill the same field. */
  public Plan {
    tasks = List.copyOf(tasks);
    if (promptVersion.isBlank()) {
      throw new IllegalArgumentException("promptVersion must not be blank");
    }
    if (Language.of(language).isEmpty()) {
      throw new IllegalArgumentException("language must be a language tag, got " + language);
    }
    if (tasks.isEmpty()) {
      throw new IllegalArgumentException("a plan has at least one task");
    }
    requireDistinct(tasks);
  }

  private static void requireDistinct(List<Task> tasks) {
    Set<String> fields = new LinkedHashSet<>();
    for (int i = 0; i < tasks.size(); i++) {
      Task task = tasks.get(i);
      if (!(task instanceof Translate translate)) {
        if (!fields.add(task.field())) {
          throw new IllegalArgumentException("two tasks fill " + task.field());
        }
        continue;
      }
      for (Task earlier : tasks.subList(0, i)) {
        if (earlier instanceof Translate other && overlap(translate, other)) {
          throw new IllegalArgumentException(
              "two translations to %s apply to the same documents".formatted(translate.target()));
        }
      }
    }
  }

  /** Whether some document would be translated by both into the same language. */
  static boolean overlap(Translate a, Translate b) {
    return a.target().equals(b.target())
        && (a.from().isEmpty()
            || b.from().isEmpty()
            || a.from().stream().anyMatch(b.from()::contains));
  }

  /** The classification, if the plan has one. */
  public Optional<Classify> classify() {
    return tasks.stream().filter(Classify.class::isInstance).map(Classify.class::cast).findFirst();
  }

  /**
   * The language a document is taken to be in: the primary subtag of its tag, or the plan's own if
   * there is no usable tag.
   */
  public String languageOf(String tag) {
    return Language.of(tag).or(() -> Language.of(language)).orElseThrow();
  }

  /** The same plan with another calibration of its classification. */
  public Plan withCalibration(double temperature, double abstainBelow) {
    List<Task> changed =
        tasks.stream()
            .map(task ->
                task instanceof Classify c
                    ? (Task) new Classify(c.instruction(), c.labels(), temperature, abstainBelow)
                    : task)
            .toList();
    return new Plan(promptVersion, language, system, documents, flawedAnswers, changed, prices);
  }

  /**
   * The author's version and a digest of everything that shapes an answer, so that a prompt that
   * changed without its version is seen.
   */
  public String fingerprint() {
    return promptVersion + "+" + PlanDigest.of(this).substring(0, 12);
  }

  /**
   * How documents are read.
   *
   * @param tokensMax tokens of one part; 0 for as many as the model's context leaves
   * @param partsMax parts of one document
   * @param beyond what happens to a document with more
   */
  public record Documents(int tokensMax, int partsMax, Beyond beyond) {

    /** As many tokens as fit, in one part; longer documents are rejected. */
    public static final Documents DEFAULTS = new Documents(0, 1, Beyond.REJECT);

    /** Refuses numbers out of bounds. */
    public Documents {
      if (tokensMax != 0) {
        Limits.PART_TOKENS.check("tokensMax", tokensMax);
      }
      Limits.PARTS.check("partsMax", partsMax);
    }
  }

  /** What happens to a document that has more parts than are read. */
  public enum Beyond {
    /** It is rejected as too long. */
    REJECT,
    /** Its first parts are read, and the record's coverage says so. */
    READ_FIRST
  }

  /** What becomes of a document whose answer was cut at its limit or repeats itself. */
  public enum FlawedAnswers {
    /** The answer is kept with a warning. */
    KEEP,
    /** The document is rejected. */
    REJECT
  }

  /**
   * Prices in US dollars; 0 where there is none.
   *
   * @param deviceHour of one hour of the device
   * @param apiInputMillion of a million prompt tokens of the API that is compared with
   * @param apiOutputMillion of a million generated tokens of that API
   */
  public record Prices(double deviceHour, double apiInputMillion, double apiOutputMillion) {

    /** No prices. */
    public static final Prices NONE = new Prices(0, 0, 0);

    /** Refuses negative prices. */
    public Prices {
      Limits.between("deviceHour", deviceHour, 0, 1e6);
      Limits.between("apiInputMillion", apiInputMillion, 0, 1e6);
      Limits.between("apiOutputMillion", apiOutputMillion, 0, 1e6);
    }
  }
}
