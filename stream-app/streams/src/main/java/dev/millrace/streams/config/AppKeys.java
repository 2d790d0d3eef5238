package dev.millrace.streams.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.integer;
import static dev.millrace.operations.config.ConfigType.oneOf;
import static dev.millrace.operations.config.ConfigType.optionalText;
import static dev.millrace.operations.config.ConfigType.path;
import static dev.millrace.operations.config.ConfigType.text;
import static dev.millrace.operations.config.ConfigType.time;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigKey;
import dev.millrace.operations.config.ConfigProblems;
import dev.millrace.operations.config.ConfigSection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Settings of the application in its cluster: identity, threads, timeouts; {@code app.*}. */
public final class AppKeys {
  public static final ConfigKey<String> ID =
      optional(
          "app.id",
          text(),
          "millrace",
          "millrace-eu",
          "Names the consumer group, the changelog topic and the transactions. Instances with the"
              + " same id share the work; another id starts from the beginning.");

  public static final ConfigKey<String> INSTANCE_ID =
      optional(
          "app.instance.id",
          optionalText(),
          "",
          "millrace-0",
          "Stable name of this instance, different for each: a restarted instance gets its work"
              + " back at once, unless its plan or model changed, which makes it another member of"
              + " its group. Empty takes the host's name.");

  public static final ConfigKey<Path> STATE_DIR =
      optional(
          "app.state.dir",
          path(),
          "millrace-state",
          "/var/lib/millrace",
          "Where pending documents lie on disk. Private to the instance and kept across restarts;"
              + " without it a start takes longer, but nothing is lost.");

  public static final ConfigKey<Integer> THREADS =
      optional(
          "app.threads",
          integer(1, 64),
          "2",
          "4",
          "Stream threads. They only move records; the engine has its own.");

  public static final ConfigKey<GroupProtocol> GROUP_PROTOCOL =
      optional(
          "app.group.protocol",
          oneOf(GroupProtocol.class),
          "classic",
          "classic",
          "How instances share partitions. Change it only while all instances are stopped.");

  public static final ConfigKey<Integer> STANDBY_REPLICAS =
      optional(
          "app.standby.replicas",
          integer(0, 8),
          "0",
          "1",
          "Copies of the pending store kept warm on other instances.");

  public static final ConfigKey<Integer> REPLICATION_FACTOR =
      optional(
          "app.replication.factor",
          integer(-1, 32),
          "-1",
          "3",
          "Replicas of the changelog topic; -1 takes the broker's default.");

  public static final ConfigKey<Duration> COMMIT_INTERVAL =
      optional(
          "app.commit.interval",
          time("ms", 10, 60_000),
          "200ms",
          "500ms",
          "How often a transaction is committed, and outcomes become visible.");

  public static final ConfigKey<Duration> TRANSACTION_TIMEOUT =
      optional(
          "app.transaction.timeout",
          time("s", 5, 900),
          "30s",
          "60s",
          "When the broker gives up the transaction of an instance that is gone. Another instance"
              + " waits for it before it takes over; a rebalance must fit into it.");

  public static final ConfigKey<Duration> SESSION_TIMEOUT =
      optional(
          "app.session.timeout",
          time("s", 1, 300),
          "10s",
          "30s",
          "When the broker counts a silent instance as gone.");

  public static final ConfigKey<Duration> HEARTBEAT_INTERVAL =
      optional(
          "app.heartbeat.interval",
          time("ms", 100, 60_000),
          "2s",
          "3s",
          "How often the instance sends a heartbeat.");

  public static final ConfigKey<Duration> POLL_INTERVAL_MAX =
      optional(
          "app.poll.interval.max",
          time("s", 10, 900),
          "120s",
          "60s",
          "After how long without a poll an instance is removed from the group.");

  public static final ConfigKey<Integer> POLL_RECORDS_MAX =
      optional(
          "app.poll.records.max", integer(1, 10_000), "64", "32", "Records taken in one poll.");

  public static final ConfigKey<Duration> DRAIN_TIMEOUT =
      optional(
          "app.drain.timeout",
          time("ms", 0, 600_000),
          "10s",
          "30s",
          "How long a stop waits for documents in flight. What is not finished is enriched after"
              + " the next start.");

  public static final ConfigKey<Duration> STOP_TIMEOUT =
      optional(
          "app.stop.timeout",
          time("s", 1, 600),
          "20s",
          "30s",
          "How long a stop waits for the stream threads after draining.");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of(
          "app",
          "The Kafka Streams application.",
          List.of(
              ID,
              INSTANCE_ID,
              STATE_DIR,
              THREADS,
              GROUP_PROTOCOL,
              STANDBY_REPLICAS,
              REPLICATION_FACTOR,
              COMMIT_INTERVAL,
              TRANSACTION_TIMEOUT,
              SESSION_TIMEOUT,
              HEARTBEAT_INTERVAL,
              POLL_INTERVAL_MAX,
              POLL_RECORDS_MAX,
              DRAIN_TIMEOUT,
              STOP_TIMEOUT),
          AppKeys::check);

  private AppKeys() {}

  private static void check(ConfigProblems problems) {
    Config config = problems.config();
    Duration transaction = config.get(TRANSACTION_TIMEOUT);
    problems.require(
        transaction.compareTo(config.get(COMMIT_INTERVAL).multipliedBy(4)) >= 0,
        "app.transaction.timeout (%s) must be at least four times app.commit.interval (%s)",
        transaction,
        config.get(COMMIT_INTERVAL));
    problems.require(
        config.get(HEARTBEAT_INTERVAL).multipliedBy(3).compareTo(config.get(SESSION_TIMEOUT)) <= 0,
        "app.heartbeat.interval (%s) must be at most a third of app.session.timeout (%s)",
        config.get(HEARTBEAT_INTERVAL),
        config.get(SESSION_TIMEOUT));
    problems.require(
        config.get(GROUP_PROTOCOL) == GroupProtocol.CLASSIC || config.get(STANDBY_REPLICAS) == 0,
        "app.standby.replicas (%s) works with app.group.protocol classic only; with streams, set"
            + " streams.num.standby.replicas on the group",
        config.get(STANDBY_REPLICAS));
  }
}
