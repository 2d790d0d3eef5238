package dev.millrace.enrichment.evaluation;

import dev.millrace.enrichment.OrderedCopy;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a document's enrichment should say.
 *
 * @param label of the task that fills {@code classification}; empty if unknown
 * @param summary of the task that fills {@code summary}; empty if unknown
 * @param translations text by language; those that are known
 * @param named by task: a label, a text, or any number of labels; those that are known
 */
public record Reference(
    String label,
    String summary,
    Map<String, String> translations,
    Map<String, List<String>> named) {

  /** Nothing is known. */
  public static final Reference NONE = new Reference("", "", Map.of());

  /** Copies the maps, keeping their order. */
  public Reference {
    translations = OrderedCopy.of(translations);
    named = OrderedCopy.of(named);
  }

  /** What unnamed tasks should say. */
  public Reference(String label, String summary, Map<String, String> translations) {
    this(label, summary, translations, Map.of());
  }

  /**
   * The label or text of a task.
   *
   * @param otherwise what is known of it under another name; empty if nothing
   */
  Optional<String> one(String task, String otherwise) {
    List<String> own = named.get(task);
    if (own != null) {
      return own.stream().findFirst();
    }
    return otherwise.isEmpty() ? Optional.empty() : Optional.of(otherwise);
  }
}
