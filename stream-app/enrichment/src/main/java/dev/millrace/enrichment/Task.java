package dev.millrace.enrichment;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One enrichment asked for. Immutable. */
public sealed interface Task {

  /** The part of the enrichment it fills: {@code summary}, {@code translations.it}, ... */
  String field();

  /**
   * A summary.
   *
   * @param instruction follows the document in the user's turn
   * @param reduceInstruction follows the summaries of a long document's parts
   * @param tokensMax most tokens of an answer
   */
  record Summarise(String instruction, String reduceInstruction, int tokensMax) implements Task {

    /** Refuses a limit outside its bounds. */
    public Summarise {
      Limits.TASK_TOKENS.check("tokensMax", tokensMax);
    }

    @Override
    public String field() {
      return "summary";
    }
  }

  /**
   * One of a closed set of labels, read from log-probabilities.
   *
   * @param instruction follows the document in the user's turn
   * @param labels at least two, names and texts all different
   * @param temperature divides the log-probabilities before they become probabilities
   * @param abstainBelow the classification abstains below this probability, 0..1
   */
  record Classify(String instruction, List<Label> labels, double temperature, double abstainBelow)
      implements Task {

    /** Copies the labels; refuses too few, equal ones, and numbers out of bounds. */
    public Classify {
      labels = List.copyOf(labels);
      if (labels.size() < 2) {
        throw new IllegalArgumentException("labels must be at least 2, got " + labels.size());
      }
      Set<String> names = new LinkedHashSet<>();
      Set<String> texts = new LinkedHashSet<>();
      for (Label label : labels) {
        boolean named = !names.add(label.name());
        boolean scored = !texts.add(label.text());
        if (named || scored) {
          throw new IllegalArgumentException("label is given twice: " + label.name());
        }
      }
      if (!(temperature > 0) || Double.isInfinite(temperature)) {
        throw new IllegalArgumentException("temperature must be positive, got " + temperature);
      }
      Limits.probability("abstainBelow", abstainBelow);
    }

    @Override
    public String field() {
      return "classification";
    }
  }

  /**
   * A label.
   *
   * @param name what records say
   * @param text what the model scores
   */
  record Label(String name, String text) {

    /** Refuses empty words. */
    public Label {
      if (name.isBlank() || text.isEmpty()) {
        throw new IllegalArgumentException("a label has a name and a text");
      }
    }
  }

  /**
   * A translation.
   *
   * @param target primary language subtag it is translated to
   * @param from primary language subtags of the documents it applies to; empty for every language
   *     but the target
   * @param instruction follows the document in the user's turn
   * @param tokensMax most tokens of an answer
   * @param tokensPerDocumentToken a tighter limit for short documents: this many tokens for each of
   *     the document's, plus {@value #TOKENS_SPARE}; 0 for none
   */
  record Translate(
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
    public String field() {
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
      Layout layout,
      String prompt,
      String policyVersion,
      Map<String, String> categories,
      double threshold,
      String safeText,
      String unsafeText,
      int tokensMax)
      implements Task {

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
    public String field() {
      return "safety";
    }

    /** Where the prompt stands. */
    public enum Layout {
      /** After the document, as one more branch of the shared prefix. */
      INSTRUCTION,
      /** Around the document, as a request of its own: for models trained on such a prompt. */
      TEMPLATE
    }
  }
}
