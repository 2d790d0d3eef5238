package dev.millrace.records;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The largest records that the changelog and the output topics take, by their names: what is
 * configured, or less where a topic takes less at present. Shared by all stream tasks. Thread-safe:
 * replaced as a whole when the topics were asked again.
 */
public final class RecordSizes {
  private final int configured;
  private volatile Map<String, Long> found = Collections.emptyMap();

  /**
   * @param configured {@code topics.record.bytes.max}
   */
  public RecordSizes(int configured) {
    this.configured = configured;
  }

  /**
   * Replaces what is known.
   *
   * @param topics what each takes at most, bytes
   * @return whether it differs from what was known
   */
  public boolean update(Map<String, Long> topics) {
    Map<String, Long> before = found;
    found = Collections.unmodifiableMap(new TreeMap<>(topics));
    return !before.equals(found);
  }

  /** Bytes of the largest record that a topic takes. Without knowledge, what is configured. */
  public int max(String topic) {
    return (int) Math.min(configured, found.getOrDefault(topic, (long) configured));
  }

  /** The topics that take less than what is configured, one line each, by name. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    found.forEach((topic, bytes) -> {
      if (bytes < configured) {
        problems.add(
            String.format(
                Locale.ROOT,
                "topic %s takes records of %d bytes, topics.record.bytes.max is %d: what is"
                    + " larger becomes a dead letter; raise max.message.bytes of the topic",
                topic,
                bytes,
                configured));
      }
    });
    return problems;
  }
}
