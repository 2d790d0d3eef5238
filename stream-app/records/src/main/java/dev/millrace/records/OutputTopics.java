package dev.millrace.records;

import java.util.List;

/**
 * Names of the output topics.
 *
 * @param enriched documents with what was asked
 * @param quarantined documents that the safety check held back
 * @param deadLetter documents that cannot be enriched
 */
public record OutputTopics(String enriched, String quarantined, String deadLetter) {

  /** The topic of a sink. */
  public String of(Sink sink) {
    return switch (sink) {
      case ENRICHED -> enriched;
      case QUARANTINED -> quarantined;
      case DEAD_LETTER -> deadLetter;
    };
  }

  /** All of them. */
  public List<String> all() {
    return List.of(enriched, quarantined, deadLetter);
  }
}
