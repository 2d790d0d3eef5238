package dev.millrace.operations.deploy;

import dev.millrace.records.OutcomeTimestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the settings of topics say about how long their records stay. Stateless. */
final class TopicRetention {
  private static final String RETENTION = "retention.ms";
  private static final String POLICY = "cleanup.policy";
  private static final String COMPACT = "compact";

  /** Whoever is away for a night should find what was written. */
  private static final Duration SHORT = Duration.ofHours(12);

  private TopicRetention() {}

  /**
   * Where records may go before somebody has read them, one line for each.
   *
   * @param outputs topics of the outcomes
   * @param timestamp which time their records have
   * @param settings of the topics that exist, by name
   */
  static List<String> warnings(
      String input,
      List<String> outputs,
      OutcomeTimestamp timestamp,
      Map<String, Map<String, String>> settings) {
    List<String> warnings = new ArrayList<>();
    Map<String, String> first = settings.getOrDefault(input, Map.of());
    if (first.getOrDefault(POLICY, "").contains(COMPACT)) {
      warnings.add(
          ("topic %s is compacted: a document goes when another one has its key, be it enriched or"
                  + " not; set cleanup.policy=delete if each is to be enriched")
              .formatted(input));
    }
    shortOf(input, first, "documents that are not consumed until then are lost", warnings);
    for (String topic : outputs) {
      Map<String, String> found = settings.getOrDefault(topic, Map.of());
      shortOf(topic, found, "outcomes that nobody has read until then are lost", warnings);
      if (timestamp == OutcomeTimestamp.DOCUMENT && millis(found) < millis(first)) {
        warnings.add(
            String.format(
                Locale.ROOT,
                ("topic %s keeps records for %s=%s, topic %s for %s: with topics.timestamp"
                    + " document, outcomes of documents that are older are deleted as soon as they"
                    + " are written"),
                topic,
                RETENTION,
                found.get(RETENTION),
                input,
                first.getOrDefault(RETENTION, "-1")));
      }
    }
    return warnings;
  }

  private static void shortOf(
      String topic, Map<String, String> settings, String consequence, List<String> warnings) {
    if (millis(settings) < SHORT.toMillis()) {
      warnings.add(
          "topic %s keeps records for %s=%s only: %s"
              .formatted(topic, RETENTION, settings.get(RETENTION), consequence));
    }
  }

  /** How long records stay; for ever if it is not known. */
  private static long millis(Map<String, String> settings) {
    String text = settings.get(RETENTION);
    if (text == null || !settings.getOrDefault(POLICY, "delete").contains("delete")) {
      return Long.MAX_VALUE;
    }
    long millis = Long.parseLong(text);
    return millis < 0 ? Long.MAX_VALUE : millis;
  }
}
