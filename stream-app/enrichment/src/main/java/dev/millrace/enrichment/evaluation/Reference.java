package dev.millrace.enrichment.evaluation;

import dev.millrace.enrichment.OrderedCopy;
import java.util.Map;

/**
 * What a document's enrichment should say.
 *
 * @param label name of its label; empty if unknown
 * @param summary empty if unknown
 * @param translations text by language; those that are known
 */
public record Reference(String label, String summary, Map<String, String> translations) {

  /** Nothing is known. */
  public static final Reference NONE = new Reference("", "", Map.of());

  /** Copies the translations, keeping their order. */
  public Reference {
    translations = OrderedCopy.of(translations);
  }
}
