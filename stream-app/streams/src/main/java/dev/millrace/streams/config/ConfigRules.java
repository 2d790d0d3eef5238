package dev.millrace.streams.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;

/** Relations between settings. Immutable. */
final class ConfigRules {
  /** Envelope, key and headers beside a document in the changelog. */
  static final long RECORD_ROOM_BYTES = 4 << 10;

  private final Config config;
  private final List<String> problems = new ArrayList<>();

  private ConfigRules(Config config) {
    this.config = config;
  }

  /** One line for each rule that is broken. */
  static List<String> check(Config config) {
    ConfigRules rules = new ConfigRules(config);
    rules.checkTimes();
    rules.checkSizes();
    rules.checkTopics();
    rules.checkGroup();
    rules.checkLogin();
    return rules.problems;
  }

  private void checkTimes() {
    Duration transaction = config.get(AppKeys.TRANSACTION_TIMEOUT);
    require(
        transaction.compareTo(config.get(AppKeys.COMMIT_INTERVAL).multipliedBy(4)) >= 0,
        "app.transaction.timeout (%s) must be at least four times app.commit.interval (%s)",
        transaction,
        config.get(AppKeys.COMMIT_INTERVAL));
    Duration slowPoll =
        config.get(ProcessingKeys.SLICE).multipliedBy(config.get(AppKeys.POLL_RECORDS_MAX));
    require(
        transaction.compareTo(slowPoll.multipliedBy(2)) >= 0,
        "app.transaction.timeout (%s) must be at least twice app.poll.records.max x"
            + " processing.slice (%s): a slowed poll must fit into a transaction",
        transaction,
        slowPoll);
    require(
        config.get(AppKeys.POLL_INTERVAL_MAX).compareTo(slowPoll.multipliedBy(4)) >= 0,
        "app.poll.interval.max (%s) must be at least four times app.poll.records.max x"
            + " processing.slice (%s), or a slowed instance is put out of the group",
        config.get(AppKeys.POLL_INTERVAL_MAX),
        slowPoll);
    require(
        config
                .get(AppKeys.HEARTBEAT_INTERVAL)
                .multipliedBy(3)
                .compareTo(config.get(AppKeys.SESSION_TIMEOUT))
            <= 0,
        "app.heartbeat.interval (%s) must be at most a third of app.session.timeout (%s)",
        config.get(AppKeys.HEARTBEAT_INTERVAL),
        config.get(AppKeys.SESSION_TIMEOUT));
    require(
        config.get(ProcessingKeys.BACKOFF_MIN).compareTo(config.get(ProcessingKeys.BACKOFF_MAX))
            <= 0,
        "processing.backoff.min (%s) must not be above processing.backoff.max (%s)",
        config.get(ProcessingKeys.BACKOFF_MIN),
        config.get(ProcessingKeys.BACKOFF_MAX));
    require(
        config.get(ProcessingKeys.WATCHDOG_STALL).compareTo(config.get(ProcessingKeys.DEADLINE))
            > 0,
        "watchdog.stall (%s) must be above processing.deadline (%s): a slow document is no stall",
        config.get(ProcessingKeys.WATCHDOG_STALL),
        config.get(ProcessingKeys.DEADLINE));
    require(
        config.get(ProcessingKeys.WATCHDOG_HANGING).compareTo(transaction) > 0,
        "watchdog.hanging (%s) must be above app.transaction.timeout (%s): an open transaction is no"
            + " hanging one",
        config.get(ProcessingKeys.WATCHDOG_HANGING),
        transaction);
  }

  private void checkSizes() {
    require(
        config.get(ConfigKeys.DOCUMENTS_BYTES_MAX) + RECORD_ROOM_BYTES
            <= config.get(ConfigKeys.TOPICS_RECORD_BYTES_MAX),
        "documents.bytes.max (%s) must be at least %s below topics.record.bytes.max (%s): key,"
            + " headers and envelope need room",
        config.get(ConfigKeys.DOCUMENTS_BYTES_MAX),
        RECORD_ROOM_BYTES,
        config.get(ConfigKeys.TOPICS_RECORD_BYTES_MAX));
    require(
        config.get(ProcessingKeys.IN_FLIGHT_TASK_MAX) <= config.get(ProcessingKeys.IN_FLIGHT_MAX),
        "processing.in.flight.task.max (%s) must not be above processing.in.flight.max (%s)",
        config.get(ProcessingKeys.IN_FLIGHT_TASK_MAX),
        config.get(ProcessingKeys.IN_FLIGHT_MAX));
    require(
        config.get(ProcessingKeys.PENDING_TASK_MAX)
            >= config.get(ProcessingKeys.IN_FLIGHT_TASK_MAX),
        "processing.pending.task.max (%s) must not be below processing.in.flight.task.max (%s)",
        config.get(ProcessingKeys.PENDING_TASK_MAX),
        config.get(ProcessingKeys.IN_FLIGHT_TASK_MAX));
    require(
        config.get(ProcessingKeys.IN_FLIGHT_BYTES_MAX)
            >= config.get(ConfigKeys.DOCUMENTS_BYTES_MAX),
        "processing.in.flight.bytes.max (%s) must not be below documents.bytes.max (%s)",
        config.get(ProcessingKeys.IN_FLIGHT_BYTES_MAX),
        config.get(ConfigKeys.DOCUMENTS_BYTES_MAX));
  }

  private void checkTopics() {
    Set<String> seen = new HashSet<>();
    for (ConfigKey<String> key :
        List.of(
            ConfigKeys.TOPIC_DOCUMENTS,
            ConfigKeys.TOPIC_ENRICHED,
            ConfigKeys.TOPIC_QUARANTINED,
            ConfigKeys.TOPIC_DEAD_LETTER)) {
      String topic = config.get(key);
      require(seen.add(topic), "%s: topic %s is used twice", key.name(), topic);
      require(
          topic.matches("[a-zA-Z0-9._-]{1,249}") && !topic.equals(".") && !topic.equals(".."),
          "%s: \"%s\" is not a topic name: letters, digits, dot, dash and underscore, at most 249",
          key.name(),
          topic);
    }
  }

  private void checkGroup() {
    require(
        config.get(AppKeys.GROUP_PROTOCOL) == GroupProtocol.CLASSIC
            || config.get(AppKeys.STANDBY_REPLICAS) == 0,
        "app.standby.replicas (%s) works with app.group.protocol classic only; with streams, set"
            + " streams.num.standby.replicas on the group",
        config.get(AppKeys.STANDBY_REPLICAS));
    require(
        config.get(ConfigKeys.REGISTRY_USER).isEmpty()
            == config.get(ConfigKeys.REGISTRY_PASSWORD).isEmpty(),
        "schema.registry.user and schema.registry.password belong together: set both or none");
  }

  /**
   * Kafka finds the same, later, and quotes what it did not expect: that may be half a password.
   */
  private void checkLogin() {
    String login = config.client().get(SaslConfigs.SASL_JAAS_CONFIG);
    if (login == null) {
      return;
    }
    boolean isLogin = true;
    try {
      JaasContext.loadClientContext(Map.of(SaslConfigs.SASL_JAAS_CONFIG, new Password(login)));
    } catch (RuntimeException e) {
      isLogin = false;
    }
    require(
        isLogin,
        "kafka.client.sasl.jaas.config is not one login module as JAAS writes it:"
            + " `MODULE required username=\"USER\" password=\"PASSWORD\";`, with values in double"
            + " quotes, a quote or backslash in them behind a backslash, and a final semicolon");
  }

  private void require(boolean holds, String message, Object... arguments) {
    if (!holds) {
      Object[] shown = arguments.clone();
      for (int i = 0; i < shown.length; i++) {
        if (shown[i] instanceof Duration duration) {
          shown[i] = duration.toMillis() + "ms";
        }
      }
      problems.add(String.format(Locale.ROOT, message, shown));
    }
  }
}
