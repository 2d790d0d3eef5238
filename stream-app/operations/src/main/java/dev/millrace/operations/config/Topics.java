package dev.millrace.operations.config;

import dev.millrace.records.OutputTopics;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Names of the topics.
 *
 * @param documents input
 * @param outputs where outcomes go
 */
public record Topics(String documents, OutputTopics outputs) {

  /** Refuses a name that is used twice: a loop, or outcomes that cannot be told apart. */
  public Topics {
    List<String> all = new ArrayList<>(outputs.all());
    all.add(documents);
    if (new LinkedHashSet<>(all).size() != all.size()) {
      throw new IllegalArgumentException("the four topics must be different, got " + all);
    }
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

  /** All names, input first. */
  public List<String> all() {
    List<String> all = new ArrayList<>();
    all.add(documents);
    all.addAll(outputs.all());
    return List.copyOf(all);
  }
}
