package dev.millrace.enrichment;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One enrichment asked for. Has a name, unique in its plan, under which records, warnings,
 * measurements and evaluations speak of it, and the name of the model it asks. Immutable.
 */
public sealed interface Task {

  /** The model that tasks ask unless they say otherwise. */
  String MAIN = "main";

  /** Its name: the plan's, or the default of its kind. */
  String name();

  /** Name of the model it asks. */
  String model();

  /**
   * A task whose answer is a text about the document. Texts about the parts of a long document are
   * joined and put to the model again, with {@link #reduceInstruction}, until one is left.
   */
  sealed interface Written extends Task {

    /** Follows the document in the user's turn. */
    String instruction();

    /** Follows the texts about a long document's parts. */
    String reduceInstruction();

    /** Most tokens of an answer. */
    int tokensMax();
  }

  /**
   * A summary.
   *
   * @param name {@value #NAME} if the plan gives none
   * @param model which model is asked
   * @param instruction follows the document in the user's turn
   * @param reduceInstruction follows the summaries of a long document's parts
   * @param tokensMax most tokens of an answer
   */
  record Summarise(
      String name, String model, String instruction, String reduceInstruction, int tokensMax)
      implements Written {

    /** Name of the one that the plan does not name. */
    public static final String NAME = "summary";

    /** Refuses a limit outside its bounds. */
    public Summarise {
      Limits.TASK_TOKENS.check("tokensMax", tokensMax);
    }
  }

  /**
   * A text of any other kind: whatever the instruction asks for.
   *
   * @param name the plan's
   * @param model which model is asked
   * @param instruction follows the document in the user's turn
   * @param reduceInstruction follows the texts about a long document's parts
   * @param tokensMax most tokens of an answer
   */
  record Generate(
      String name, String model, String instruction, String reduceInstruction, int tokensMax)
      implements Written {

    /** Refuses a limit outside its bounds. */
    public Generate {
      Limits.TASK_TOKENS.check("tokensMax", tokensMax);
    }
  }

  /**
   * One of a closed set of labels, read from log-probabilities.
   *
   * @param name {@value #NAME} if the plan gives none
   * @param model which model is asked
   * @param instruction follows the document in the user's turn
   * @param labels at least two, names and texts all different
   * @param temperature divides the log-probabilities before they become probabilities
   * @param abstainBelow the classification abstains below this probability, 0..1
   */
  record Classify(
      String name,
      String model,
      String instruction,
      List<Label> labels,
      double temperature,
      double abstainBelow)
      implements Task {

    /** Name of the one that the plan does not name. */
    public static final String NAME = "classification";

    /** Copies the labels; refuses too few, equal ones, and numbers out of bounds. */
    public Classify {
      labels = List.copyOf(labels);
      if (labels.size() < 2) {
        throw new IllegalArgumentException("labels must be at least 2, got " + labels.size());
      }
      Label.requireDistinct(labels);
      requireTemperature(temperature);
      Limits.probability("abstainBelow", abstainBelow);
    }
  }

  /**
   * Any number of a set of labels, each asked about on its own: the probability of {@code yesText}
   * against {@code noText} as the answer.
   *
   * @param name the plan's
   * @param model which model is asked
   * @param instruction follows the document in the user's turn, with a label's text for {@value
   *     #LABEL}
   * @param labels at least one, names and texts all different
   * @param temperature divides the log-probabilities before they become probabilities
   * @param threshold a label is chosen from this probability on, 0..1
   * @param yesText the answer that means that the label applies
   * @param noText the answer that means that it does not
   */
  record ClassifyAny(
      String name,
      String model,
      String instruction,
      List<Label> labels,
      double temperature,
      double threshold,
      String yesText,
      String noText)
      implements Task {

    /** Stands for a label's text in the instruction. */
    public static final String LABEL = "{label}";

    /** Copies the labels; refuses none, equal ones, equal answers and numbers out of bounds. */
    public ClassifyAny {
      labels = List.copyOf(labels);
      if (labels.isEmpty()) {
        throw new IllegalArgumentException("labels must be at least 1, got 0");
      }
      Label.requireDistinct(labels);
      requireTemperature(temperature);
      Limits.probability("threshold", threshold);
      if (!instruction.contains(LABEL)) {
        throw new IllegalArgumentException("instruction must contain " + LABEL);
      }
      if (yesText.isEmpty() || noText.isEmpty() || yesText.equals(noText)) {
        throw new IllegalArgumentException("yes and no must be two different answers");
      }
    }

    /** What follows the document when a label is asked about. */
    String instruction(Label label) {
      return instruction.replace(LABEL, label.text());
    }
  }

  /**
   * A label.
   *
   * @param name what records say
   * @param text what the model scores, or is asked about
   */
  record Label(String name, String text) {

    /** Refuses empty words. */
    public Label {
      if (name.isBlank() || text.isEmpty()) {
        throw new IllegalArgumentException("a label has a name and a text");
      }
    }

    private static void requireDistinct(List<Label> labels) {
      Set<String> names = new LinkedHashSet<>();
      Set<String> texts = new LinkedHashSet<>();
      for (Label label : labels) {
        boolean named = !names.add(label.name());
        boolean scored = !texts.add(label.text());
        if (named || scored) {
          throw new IllegalArgumentException("label is given twice: " + label.name());
        }
      }
    }
  }

  /**
   * A translation. Its name follows from its target.
   *
   * @param model which model is asked
   * @param target primary language subtag it is translated to
   * @param from primary language subtags of the documents it applies to; empty for every language
   *     but the target
   * @param instruction follows the document in the user's turn
   * @param tokensMax most tokens of an answer
   * @param tokensPerDocumentToken a tighter limit for short documents: this many tokens for each of
   *     the document's, plus {@value #TOKENS_SPARE}; 0 for none
   */
  record Translate(
      String model,
      String target,
      Set<String> from,
      String instruction,
      int tokensMax,
      double tokensPerDocumentToken)
      implements Task {
    private static final int TOKENS_SPARE = 16;

    /** Copies the set and refuses limits outside their bounds. */
    public Translate {
      from = OrderedCopy.of(from);
      Limits.TASK_TOKENS.check("tokensMax", tokensMax);
      Limits.tokensPerDocumentToken(tokensPerDocumentToken);
    }

    @Override
    public String name() {
      return "translations." + target;
    }

    /** Whether a document in this language is translated. */
    public boolean appliesTo(String language) {
      return !language.equals(target) && (from.isEmpty() || from.contains(language));
    }

    /** The limit for a document of that many tokens. */
    public int tokensMax(int documentTokens) {
      if (tokensPerDocumentToken == 0) {
        return tokensMax;
      }
      double tighter = Math.ceil(tokensPerDocumentToken * documentTokens) + TOKENS_SPARE;
      return (int) Math.min(tokensMax, tighter);
    }
  }

  /**
   * A safety verdict: the probability of {@code unsafeText} against {@code safeText} as the answer,
   * and the violated categories if there are any to name.
   *
   * @param model which model is asked
   * @param layout where the prompt stands
   * @param prompt an instruction, or a template with {@code {document}} and, if there are
   *     categories, {@code {categories}}
   * @param policyVersion goes into the record
   * @param categories description by code; empty to ask for the verdict alone
   * @param threshold unsafe from this probability on, 0..1
   * @param safeText the answer that means safe
   * @param unsafeText the answer that means unsafe
   * @param tokensMax most tokens of the answer that names categories
   */
  record Screen(
      String model,
      Layout layout,
      String prompt,
      String policyVersion,
      Map<String, String> categories,
      double threshold,
      String safeText,
      String unsafeText,
      int tokensMax)
      implements Task {

    /** Its name. */
    public static final String NAME = "safety";

    /** Copies the categories; refuses equal answers and numbers out of bounds. */
    public Screen {
      categories = OrderedCopy.of(categories);
      Limits.probability("threshold", threshold);
      Limits.TASK_TOKENS.check("tokensMax", tokensMax);
      if (safeText.isEmpty() || unsafeText.isEmpty() || safeText.equals(unsafeText)) {
        throw new IllegalArgumentException("safe and unsafe must be two different answers");
      }
      if (layout == Layout.TEMPLATE && !prompt.contains("{document}")) {
        throw new IllegalArgumentException("template must contain {document}");
      }
    }

    @Override
    public String name() {
      return NAME;
    }

    /** Where the prompt stands. */
    public enum Layout {
      /** After the document, as one more branch of the shared prefix. */
      INSTRUCTION,
      /** Around the document, as a request of its own: for models trained on such a prompt. */
      TEMPLATE
    }
  }

  private static void requireTemperature(double temperature) {
    if (!(temperature > 0) || Double.isInfinite(temperature)) {
      throw new IllegalArgumentException("temperature must be positive, got " + temperature);
    }
  }
}
