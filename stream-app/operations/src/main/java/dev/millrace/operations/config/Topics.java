package dev.millrace.operations.config;

import dev.millrace.records.OutputTopics;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Names of the topics.
 *
 * @param documents input, one topic or several
 * @param outputs where outcomes go
 */
public record Topics(TopicSelection documents, OutputTopics outputs) {

  /** Refuses a name that is used twice: a loop, or outcomes that cannot be told apart. */
  public Topics {
    List<String> all = outputs.all();
    if (new LinkedHashSet<>(all).size() != all.size()
        || all.stream().anyMatch(documents::contains)) {
      throw new IllegalArgumentException(
          "the topics must be different, got input %s and outputs %s".formatted(documents, all));
    }
  }

  /** One input topic. */
  public Topics(String documents, OutputTopics outputs) {
    this(TopicSelection.named(documents), outputs);
  }

  /** As configured. */
  public static Topics of(Config config) {
    return new Topics(
        config.get(TopicKeys.DOCUMENTS),
        new OutputTopics(
            config.get(TopicKeys.ENRICHED),
            config.get(TopicKeys.QUARANTINED),
            config.get(TopicKeys.DEAD_LETTER)));
  }
}
