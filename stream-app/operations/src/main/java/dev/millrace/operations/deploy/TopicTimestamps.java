package dev.millrace.operations.deploy;

import dev.millrace.records.TimestampRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the settings of topics say about timestamps of records. Stateless. */
final class TopicTimestamps {
  private static final String TYPE = "message.timestamp.type";
  private static final String BEFORE_MAX = "message.timestamp.before.max.ms";
  private static final String AFTER_MAX = "message.timestamp.after.max.ms";

  /** Both of the above in brokers before 3.6; gone since 4.0. */
  private static final String DIFFERENCE_MAX = "message.timestamp.difference.max.ms";

  private static final String APPEND_TIME = "LogAppendTime";

  private TopicTimestamps() {}

  /** The timestamps that a topic takes. */
  static TimestampRange range(Map<String, String> settings) {
    if (APPEND_TIME.equals(settings.get(TYPE))) {
      return TimestampRange.ANY;
    }
    long both = span(settings, DIFFERENCE_MAX, Long.MAX_VALUE);
    return new TimestampRange(
        Math.min(both, span(settings, BEFORE_MAX, Long.MAX_VALUE)),
        Math.min(both, span(settings, AFTER_MAX, Long.MAX_VALUE)));
  }

  /**
   * Where a topic takes fewer timestamps than the input topic, one line for each.
   *
   * @param settings of the topics that exist, by name
   */
  static List<String> warnings(
      String input, List<String> others, Map<String, Map<String, String>> settings) {
    List<String> warnings = new ArrayList<>();
    Map<String, String> first = settings.get(input);
    if (first == null) {
      return warnings;
    }
    TimestampRange given = range(first);
    boolean appended = APPEND_TIME.equals(first.get(TYPE));
    for (String topic : others) {
      Map<String, String> second = settings.get(topic);
      if (second == null || appended) {
        // The input's brokers stamp its records with the present, which every topic takes.
        continue;
      }
      TimestampRange taken = range(second);
      if (taken.beforeMaxMillis() < given.beforeMaxMillis()
          || taken.afterMaxMillis() < given.afterMaxMillis()) {
        warnings.add(
            String.format(
                Locale.ROOT,
                "topic %s takes timestamps that topic %s does not: %s there, %s here; records"
                    + " beyond that get the present as their timestamp, and their outcomes a header"
                    + " millrace.source.timestamp with their own. Make the settings equal if that"
                    + " is not wanted",
                input,
                topic,
                describe(first),
                describe(second)));
      }
    }
    return warnings;
  }

  private static String describe(Map<String, String> settings) {
    List<String> parts = new ArrayList<>();
    for (String name : List.of(TYPE, BEFORE_MAX, AFTER_MAX, DIFFERENCE_MAX)) {
      String value = settings.get(name);
      if (value != null) {
        parts.add(name + "=" + value);
      }
    }
    return String.join(", ", parts);
  }

  private static long span(Map<String, String> settings, String name, long absent) {
    String text = settings.get(name);
    return text == null ? absent : Math.max(0, Long.parseLong(text));
  }
}
