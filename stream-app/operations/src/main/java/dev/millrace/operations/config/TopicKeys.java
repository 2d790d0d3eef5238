package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.bytes;
import static dev.millrace.operations.config.ConfigType.integer;
import static dev.millrace.operations.config.ConfigType.oneOf;
import static dev.millrace.operations.config.ConfigType.text;

import dev.millrace.records.OutcomeTimestamp;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Topics; {@code topics.*}. */
public final class TopicKeys {
  private static final long GIB = 1L << 30;

  public static final ConfigKey<String> DOCUMENTS =
      optional("topics.documents", text(), "documents", "documents", "Input.");

  public static final ConfigKey<String> ENRICHED =
      optional("topics.enriched", text(), "enriched-documents", "enriched", "Enriched documents.");

  public static final ConfigKey<String> QUARANTINED =
      optional(
          "topics.quarantined",
          text(),
          "quarantined-documents",
          "quarantine",
          "Documents that the safety check held back.");

  public static final ConfigKey<String> DEAD_LETTER =
      optional(
          "topics.dead.letter",
          text(),
          "dead-letter-documents",
          "dead-letters",
          "Documents that cannot be enriched, with their original bytes and the reason.");

  public static final ConfigKey<Integer> PARTITIONS =
      optional(
          "topics.partitions",
          integer(1, 10_000),
          "6",
          "12",
          "Partitions of topics made by `topics create`.");

  public static final ConfigKey<Integer> REPLICATION_FACTOR =
      optional(
          "topics.replication.factor",
          integer(-1, 32),
          "-1",
          "3",
          "Replicas of topics made by `topics create`; -1 takes the broker's default.");

  public static final ConfigKey<Long> RECORD_BYTES_MAX =
      optional(
          "topics.record.bytes.max",
          bytes(16 << 10, GIB),
          "8MiB",
          "2MiB",
          "Largest record of any of the topics. `topics check` compares it with the topics'"
              + " max.message.bytes.");

  public static final ConfigKey<OutcomeTimestamp> TIMESTAMP =
      optional(
          "topics.timestamp",
          oneOf(OutcomeTimestamp.class),
          "enriched",
          "document",
          "The timestamp of outcomes' records: when they are written, or that of the document's"
              + " record. With `document`, a topic whose retention an old document exceeds deletes"
              + " its outcome at once. The document's own time is in the outcome and, where the"
              + " record has another, in the header `millrace.source.timestamp`.");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of(
          "topics",
          "Names and sizes of the topics.",
          List.of(
              DOCUMENTS,
              ENRICHED,
              QUARANTINED,
              DEAD_LETTER,
              PARTITIONS,
              REPLICATION_FACTOR,
              RECORD_BYTES_MAX,
              TIMESTAMP),
          TopicKeys::check);

  private TopicKeys() {}

  static boolean isTopicName(String topic) {
    return topic.matches("[a-zA-Z0-9._-]{1,249}") && !topic.equals(".") && !topic.equals("..");
  }

  private static void check(ConfigProblems problems) {
    Set<String> seen = new HashSet<>();
    for (ConfigKey<String> key : List.of(DOCUMENTS, ENRICHED, QUARANTINED, DEAD_LETTER)) {
      String topic = problems.config().get(key);
      problems.require(seen.add(topic), "%s: topic %s is used twice", key.name(), topic);
      problems.require(
          isTopicName(topic),
          "%s: \"%s\" is not a topic name: letters, digits, dot, dash and underscore, at most 249",
          key.name(),
          topic);
    }
  }
}
