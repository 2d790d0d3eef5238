package dev.millrace.enrichment;

import java.time.Instant;
import java.util.Map;

/**
 * What arrives on the input topic.
 *
 * @param id the producer's identity of the document, not empty
 * @param text what is enriched
 * @param language BCP 47 tag, or empty if not stated
 * @param title empty if there is none
 * @param source where the producer had it from; empty if not stated
 * @param tenant whom it belongs to; empty if not stated
 * @param attributes passed through untouched
 * @param createdAt when the producer made it
 */
public record Document(
    String id,
    String text,
    String language,
    String title,
    String source,
    String tenant,
    Map<String, String> attributes,
    Instant createdAt) {

  /** Copies the attributes. */
  public Document {
    attributes = Map.copyOf(attributes);
  }

  /** A document with nothing but an id, a text and a language. */
  public static Document of(String id, String text, String language) {
    return new Document(id, text, language, "", "", "", Map.of(), Instant.EPOCH);
  }
}
