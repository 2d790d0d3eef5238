package dev.millrace.enrichment;

import java.time.Instant;
import java.util.Locale;
import java.util.Map;

/**
 * What arrives on the input topic. Whatever door it came through, a document holds nothing that
 * could not be written again: every text is Unicode (no half surrogate pairs, which encoders
 * replace in silence), and its time fits milliseconds since 1970. Immutable.
 *
 * @param id the producer's identity of the document, not empty
 * @param text what is enriched
 * @param language BCP 47 tag, or empty if not stated
 * @param title empty if there is none
 * @param source where the producer had it from; empty if not stated
 * @param tenant whom it belongs to; empty if not stated
 * @param attributes passed through untouched, in the order of the document
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

  /**
   * Copies the attributes, keeping their order.
   *
   * @throws DocumentException if a text is no Unicode, or the time is out of range
   */
  public Document {
    requireUnicode("id", id);
    requireUnicode("text", text);
    requireUnicode("language", language);
    requireUnicode("title", title);
    requireUnicode("source", source);
    requireUnicode("tenant", tenant);
    attributes.forEach((name, value) -> {
      requireUnicode("attributes (a name)", name);
      requireUnicode("attributes (a value)", value);
    });
    requireMillis(createdAt);
    attributes = OrderedCopy.of(attributes);
  }

  /** A document with nothing but an id, a text and a language. */
  public static Document of(String id, String text, String language) {
    return new Document(id, text, language, "", "", "", Map.of(), Instant.EPOCH);
  }

  private static void requireUnicode(String field, String text) {
    int unpaired = unpairedSurrogate(text);
    if (unpaired >= 0) {
      throw new DocumentException(
          RejectReason.INVALID_TEXT,
          String.format(
              Locale.ROOT,
              "field %s is no Unicode: half a surrogate pair at character %d of %d; the producer"
                  + " cut a text between two halves of one character",
              field,
              unpaired,
              text.length()));
    }
  }

  /** Index of the first half of a pair that stands alone, or -1. */
  private static int unpairedSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      if (Character.isSurrogate(unit)) {
        boolean pair =
            Character.isHighSurrogate(unit)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!pair) {
          return i;
        }
        i++;
      }
    }
    return -1;
  }

  private static void requireMillis(Instant createdAt) {
    try {
      long _ = createdAt.toEpochMilli();
    } catch (ArithmeticException e) {
      throw new DocumentException(
          RejectReason.INVALID_DOCUMENT,
          "field createdAt is out of range: expected a time within 292 million years of 1970, for"
              + " records hold milliseconds");
    }
  }
}
