package dev.millrace.streams.topology;

import java.util.List;
import java.util.Set;

/**
 * Names of the topics, all different.
 *
 * @param documents input
 * @param enriched output: documents that were enriched
 * @param quarantined output: documents that the safety check held back
 * @param deadLetter output: documents that cannot be enriched
 */
public record Topics(String documents, String enriched, String quarantined, String deadLetter) {

  /** Refuses a name that is used twice: a loop, or outcomes that cannot be told apart. */
  public Topics {
    List<String> all = List.of(documents, enriched, quarantined, deadLetter);
    if (Set.copyOf(all).size() != all.size()) {
      throw new IllegalArgumentException("the four topics must be different, got " + all);
    }
  }

  /** All names, input first. */
  public List<String> all() {
    return List.of(documents, enriched, quarantined, deadLetter);
  }

  /** Names of the output topics. */
  public List<String> outputs() {
    return List.of(enriched, quarantined, deadLetter);
  }
}
