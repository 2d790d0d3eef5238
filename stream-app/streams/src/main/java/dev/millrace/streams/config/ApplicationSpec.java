package dev.millrace.streams.config;

import dev.millrace.operations.config.AttemptKeys;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigProblems;
import dev.millrace.operations.config.ConfigSpec;
import dev.millrace.operations.config.DocumentKeys;
import dev.millrace.operations.config.HealthKeys;
import dev.millrace.operations.config.InputKeys;
import dev.millrace.operations.config.KafkaKeys;
import dev.millrace.operations.config.LogKeys;
import dev.millrace.operations.config.ModelKeys;
import dev.millrace.operations.config.ModelsKeys;
import dev.millrace.operations.config.RegistryKeys;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.operations.config.WatchdogKeys;
import java.time.Duration;
import java.util.List;

/** Every setting of the Kafka Streams application, and the relations between them. */
public final class ApplicationSpec {
  /** Envelope, key and headers beside a document in the changelog. */
  static final long RECORD_ROOM_BYTES = 4 << 10;

  /** In the order of the reference page. */
  public static final ConfigSpec SPEC =
      new ConfigSpec(
          List.of(
              KafkaKeys.SECTION,
              AppKeys.SECTION,
              TopicKeys.SECTION,
              RegistryKeys.SECTION,
              DocumentKeys.SECTION,
              ProcessingKeys.SECTION,
              WatchdogKeys.SECTION,
              ModelKeys.SECTION,
              HealthKeys.SECTION,
              LogKeys.SECTION),
          List.of(InputKeys.INPUTS, ModelsKeys.MODELS),
          List.of(InputKeys.PLANS),
          List.of(
              InputKeys::check,
              ModelsKeys::check,
              ApplicationSpec::checkTimes,
              ApplicationSpec::checkPatterns,
              ApplicationSpec::checkSizes),
          List.of("flink."));

  private ApplicationSpec() {}

  private static void checkTimes(ConfigProblems problems) {
    Config config = problems.config();
    Duration transaction = config.get(AppKeys.TRANSACTION_TIMEOUT);
    Duration slowPoll =
        config.get(ProcessingKeys.SLICE).multipliedBy(config.get(AppKeys.POLL_RECORDS_MAX));
    problems.require(
        transaction.compareTo(slowPoll.multipliedBy(2)) >= 0,
        "app.transaction.timeout (%s) must be at least twice app.poll.records.max x"
            + " processing.slice (%s): a slowed poll must fit into a transaction",
        transaction,
        slowPoll);
    problems.require(
        config.get(AppKeys.POLL_INTERVAL_MAX).compareTo(slowPoll.multipliedBy(4)) >= 0,
        "app.poll.interval.max (%s) must be at least four times app.poll.records.max x"
            + " processing.slice (%s), or a slowed instance is put out of the group",
        config.get(AppKeys.POLL_INTERVAL_MAX),
        slowPoll);
    problems.require(
        config.get(WatchdogKeys.STALL).compareTo(config.get(AttemptKeys.DEADLINE)) > 0,
        "watchdog.stall (%s) must be above processing.deadline (%s): a slow document is no stall",
        config.get(WatchdogKeys.STALL),
        config.get(AttemptKeys.DEADLINE));
    problems.require(
        config.get(WatchdogKeys.HANGING).compareTo(transaction) > 0,
        "watchdog.hanging (%s) must be above app.transaction.timeout (%s): an open transaction is no"
            + " hanging one",
        config.get(WatchdogKeys.HANGING),
        transaction);
  }

  /** What Kafka Streams asks of topics that are named by a pattern. */
  private static void checkPatterns(ConfigProblems problems) {
    Config config = problems.config();
    List<Config> entries = config.list(InputKeys.INPUTS);
    for (int i = 0; i < entries.size(); i++) {
      problems.require(
          entries.get(i).get(InputKeys.PATTERN).isEmpty()
              || config.get(AppKeys.GROUP_PROTOCOL) == GroupProtocol.CLASSIC,
          "inputs.%d.pattern works with app.group.protocol classic only",
          i);
    }
  }

  private static void checkSizes(ConfigProblems problems) {
    Config config = problems.config();
    problems.require(
        config.get(DocumentKeys.BYTES_MAX) + RECORD_ROOM_BYTES
            <= config.get(TopicKeys.RECORD_BYTES_MAX),
        "documents.bytes.max (%s) must be at least %s below topics.record.bytes.max (%s): key,"
            + " headers and envelope need room",
        config.get(DocumentKeys.BYTES_MAX),
        RECORD_ROOM_BYTES,
        config.get(TopicKeys.RECORD_BYTES_MAX));
    problems.require(
        config.get(ProcessingKeys.IN_FLIGHT_BYTES_MAX) >= config.get(DocumentKeys.BYTES_MAX),
        "processing.in.flight.bytes.max (%s) must not be below documents.bytes.max (%s)",
        config.get(ProcessingKeys.IN_FLIGHT_BYTES_MAX),
        config.get(DocumentKeys.BYTES_MAX));
  }
}
