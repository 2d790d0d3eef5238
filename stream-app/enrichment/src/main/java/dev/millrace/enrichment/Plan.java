package dev.millrace.enrichment;

import dev.millrace.enrichment.Enrichment.DocumentLanguage;
import dev.millrace.enrichment.Enrichment.DocumentLanguage.Basis;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.ClassifyAny;
import dev.millrace.enrichment.Task.Summarise;
import dev.millrace.enrichment.Task.Translate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
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
 * @param tasks at least one; their names are unique, but for translations to one language from
 *     different ones
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

  private static final int DIGEST_DIGITS = 12;

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
    Set<String> names = new LinkedHashSet<>();
    for (int i = 0; i < tasks.size(); i++) {
      Task task = tasks.get(i);
      if (!(task instanceof Translate translate)) {
        if (!names.add(task.name())) {
          throw new IllegalArgumentException("two tasks have the name " + task.name());
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

  /**
   * The task whose answer is a record's {@code classification}: the one without a name, or else the
   * first that chooses one label.
   */
  public Optional<Classify> classify() {
    return unnamedOrFirst(Classify.class, Classify.NAME);
  }

  /** The task whose answer is a record's {@code summary}: the one without a name, or the first. */
  public Optional<Summarise> summarise() {
    return unnamedOrFirst(Summarise.class, Summarise.NAME);
  }

  private <T extends Task> Optional<T> unnamedOrFirst(Class<T> kind, String unnamed) {
    List<T> all = tasks.stream().filter(kind::isInstance).map(kind::cast).toList();
    return all.stream()
        .filter(task -> task.name().equals(unnamed))
        .findFirst()
        .or(() -> all.stream().findFirst());
  }

  /** Names of the models that tasks ask, in the tasks' order. */
  public Set<String> models() {
    Set<String> models = new LinkedHashSet<>();
    tasks.forEach(task -> models.add(task.model()));
    return models;
  }

  /**
   * The language a document is taken to be in: the primary subtag of its tag, or the plan's own if
   * there is no usable tag.
   */
  public String languageOf(String tag) {
    return Language.of(tag).or(() -> Language.of(language)).orElseThrow();
  }

  /** The same, with how it is known. */
  DocumentLanguage languageOf(Document document) {
    Basis basis = Language.of(document.language()).isPresent() ? Basis.STATED : Basis.ASSUMED;
    return new DocumentLanguage(languageOf(document.language()), basis);
  }

  /** The same plan with its probabilities as the models give them, and nothing abstained. */
  public Plan uncalibrated() {
    return withTasks(tasks.stream().map(Plan::uncalibrated).toList());
  }

  private static Task uncalibrated(Task task) {
    return switch (task) {
      case Classify t -> new Classify(t.name(), t.model(), t.instruction(), t.labels(), 1, 0);
      case ClassifyAny t ->
          new ClassifyAny(
              t.name(),
              t.model(),
              t.instruction(),
              t.labels(),
              1,
              t.threshold(),
              t.yesText(),
              t.noText());
      case Summarise _, Task.Generate _, Translate _, Task.Screen _ -> task;
    };
  }

  /** The same plan with other tasks. */
  Plan withTasks(List<Task> others) {
    return new Plan(promptVersion, language, system, documents, flawedAnswers, others, prices);
  }

  /**
   * The author's version and a digest of everything that shapes an answer, so that a prompt that
   * changed without its version is seen.
   */
  public String fingerprint() {
    return promptVersion + "+" + PlanDigest.of(this).substring(0, DIGEST_DIGITS);
  }

  /** A digest of what shapes the answer of one task, its model left out. */
  String promptDigest(Task task) {
    return PlanDigest.of(withTasks(List.of(task))).substring(0, DIGEST_DIGITS);
  }

  /**
   * How documents are read.
   *
   * @param tokensMax tokens of one part; 0 for as many as the model's context leaves
   * @param partsMax parts of one document
   * @param beyond what happens to a document with more
   * @param template what is read of a document besides its text
   */
  public record Documents(int tokensMax, int partsMax, Beyond beyond, DocumentTemplate template) {

    /** As many tokens as fit, in one part; longer documents are rejected. */
    public static final Documents DEFAULTS = new Documents(0, 1, Beyond.REJECT);

    /** Of texts alone. */
    public Documents(int tokensMax, int partsMax, Beyond beyond) {
      this(tokensMax, partsMax, beyond, DocumentTemplate.NONE);
    }

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
   * Prices in US dollars, as far as they are known.
   *
   * @param deviceHour of one hour of the device
   * @param apiInputMillion of a million prompt tokens of the API that is compared with
   * @param apiOutputMillion of a million generated tokens of that API
   */
  @SuppressWarnings("OptionalUsedAsFieldOrParameterType")
  public record Prices(
      OptionalDouble deviceHour, OptionalDouble apiInputMillion, OptionalDouble apiOutputMillion) {
    static final double MAX = 1e6;

    /** No prices. */
    public static final Prices NONE =
        new Prices(OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

    /** Refuses negative prices. */
    public Prices {
      deviceHour.ifPresent(price -> Limits.between("deviceHour", price, 0, MAX));
      apiInputMillion.ifPresent(price -> Limits.between("apiInputMillion", price, 0, MAX));
      apiOutputMillion.ifPresent(price -> Limits.between("apiOutputMillion", price, 0, MAX));
    }
  }
}
