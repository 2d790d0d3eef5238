package dev.millrace.streams.config;

import static dev.millrace.streams.config.ConfigKey.optional;
import static dev.millrace.streams.config.ConfigKey.required;
import static dev.millrace.streams.config.ConfigType.bool;
import static dev.millrace.streams.config.ConfigType.bytes;
import static dev.millrace.streams.config.ConfigType.integer;
import static dev.millrace.streams.config.ConfigType.list;
import static dev.millrace.streams.config.ConfigType.oneOf;
import static dev.millrace.streams.config.ConfigType.optionalText;
import static dev.millrace.streams.config.ConfigType.path;
import static dev.millrace.streams.config.ConfigType.text;

import dev.millrace.streams.processor.Ordering;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every setting. Parsing, checks, the reference page and the start-up print come from this list.
 */
public final class ConfigKeys {
  private static final long GIB = 1L << 30;

  private static ConfigType<Duration> time(String unit, long min, long max) {
    return switch (unit) {
      case "ms" -> ConfigType.duration(Duration.ofMillis(min), Duration.ofMillis(max));
      default -> ConfigType.duration(Duration.ofSeconds(min), Duration.ofSeconds(max));
    };
  }

  /** Brokers. */
  public static final ConfigKey<List<String>> BOOTSTRAP_SERVERS =
      required("kafka.bootstrap.servers", list(), "broker-1:9092", "Brokers to begin with.");

  /** Least version of transactions. */
  public static final ConfigKey<Integer> TRANSACTION_VERSION_MIN =
      optional(
          "kafka.transaction.version.min",
          integer(0, 100),
          "2",
          "2",
          "Least transaction.version of the cluster. Below 2, a late commit or abort of a dead client"
              + " may hit the next transaction (KIP-890), and exactly-once does not hold. 0 asks"
              + " nothing of the cluster.");

  /** Application id. */
  public static final ConfigKey<String> APP_ID =
      optional(
          "app.id",
          text(),
          "millrace",
          "millrace-eu",
          "Names the consumer group, the changelog topic and the transactions. Instances with the"
              + " same id share the work; another id starts from the beginning.");

  /** Instance id. */
  public static final ConfigKey<String> APP_INSTANCE_ID =
      optional(
          "app.instance.id",
          optionalText(),
          "",
          "millrace-0",
          "Stable name of this instance, different for each: a restarted instance gets its work"
              + " back at once. Empty takes the host's name.");

  /** State directory. */
  public static final ConfigKey<Path> APP_STATE_DIR =
      optional(
          "app.state.dir",
          path(),
          "millrace-state",
          "/var/lib/millrace",
          "Where pending documents lie on disk. Private to the instance and kept across restarts;"
              + " without it a start takes longer, but nothing is lost.");

  /** Stream threads. */
  public static final ConfigKey<Integer> APP_THREADS =
      optional(
          "app.threads",
          integer(1, 64),
          "2",
          "4",
          "Stream threads. They only move records; the engine has its own.");

  /** Group protocol. */
  public static final ConfigKey<GroupProtocol> APP_GROUP_PROTOCOL =
      optional(
          "app.group.protocol",
          oneOf(GroupProtocol.class),
          "classic",
          "classic",
          "How instances share partitions. Change it only while all instances are stopped.");

  /** Standby replicas. */
  public static final ConfigKey<Integer> APP_STANDBY_REPLICAS =
      optional(
          "app.standby.replicas",
          integer(0, 8),
          "0",
          "1",
          "Copies of the pending store kept warm on other instances.");

  /** Replication of internal topics. */
  public static final ConfigKey<Integer> APP_REPLICATION_FACTOR =
      optional(
          "app.replication.factor",
          integer(-1, 32),
          "-1",
          "3",
          "Replicas of the changelog topic; -1 takes the broker's default.");

  /** Commit interval. */
  public static final ConfigKey<Duration> APP_COMMIT_INTERVAL =
      optional(
          "app.commit.interval",
          time("ms", 10, 60_000),
          "200ms",
          "500ms",
          "How often outcomes become visible.");

  /** Transaction timeout. */
  public static final ConfigKey<Duration> APP_TRANSACTION_TIMEOUT =
      optional(
          "app.transaction.timeout",
          time("s", 5, 900),
          "30s",
          "60s",
          "When the broker gives up the transaction of an instance that is gone. Another instance"
              + " waits for it before it takes over; a rebalance must fit into it.");

  /** Session timeout. */
  public static final ConfigKey<Duration> APP_SESSION_TIMEOUT =
      optional(
          "app.session.timeout",
          time("s", 1, 300),
          "10s",
          "30s",
          "When the broker counts a silent instance as gone.");

  /** Heartbeat interval. */
  public static final ConfigKey<Duration> APP_HEARTBEAT_INTERVAL =
      optional(
          "app.heartbeat.interval",
          time("ms", 100, 60_000),
          "2s",
          "3s",
          "How often it is heard of.");

  /** Longest time between polls. */
  public static final ConfigKey<Duration> APP_POLL_INTERVAL_MAX =
      optional(
          "app.poll.interval.max",
          time("s", 10, 900),
          "120s",
          "60s",
          "When an instance that no longer reads is put out of the group.");

  /** Records per poll. */
  public static final ConfigKey<Integer> APP_POLL_RECORDS_MAX =
      optional(
          "app.poll.records.max", integer(1, 10_000), "64", "32", "Records taken in one poll.");

  /** Drain timeout. */
  public static final ConfigKey<Duration> APP_DRAIN_TIMEOUT =
      optional(
          "app.drain.timeout",
          time("ms", 0, 600_000),
          "10s",
          "30s",
          "How long a stop waits for documents in flight. What is not finished is enriched after"
              + " the next start.");

  /** Stop timeout. */
  public static final ConfigKey<Duration> APP_STOP_TIMEOUT =
      optional(
          "app.stop.timeout",
          time("s", 1, 600),
          "20s",
          "30s",
          "How long a stop waits for the stream threads after draining.");

  /** Input topic. */
  public static final ConfigKey<String> TOPIC_DOCUMENTS =
      optional("topics.documents", text(), "documents", "documents", "Input.");

  /** Output topic. */
  public static final ConfigKey<String> TOPIC_ENRICHED =
      optional(
          "topics.enriched",
          text(),
          "enriched-documents",
          "enriched",
          "Documents with what was asked.");

  /** Quarantine topic. */
  public static final ConfigKey<String> TOPIC_QUARANTINED =
      optional(
          "topics.quarantined",
          text(),
          "quarantined-documents",
          "quarantine",
          "Documents that the safety check held back.");

  /** Dead-letter topic. */
  public static final ConfigKey<String> TOPIC_DEAD_LETTER =
      optional(
          "topics.dead.letter",
          text(),
          "dead-letter-documents",
          "dead-letters",
          "Documents that cannot be enriched, with their original bytes and the reason.");

  /** Partitions of created topics. */
  public static final ConfigKey<Integer> TOPICS_PARTITIONS =
      optional(
          "topics.partitions",
          integer(1, 10_000),
          "6",
          "12",
          "Partitions of topics made by `topics create`.");

  /** Replication of created topics. */
  public static final ConfigKey<Integer> TOPICS_REPLICATION_FACTOR =
      optional(
          "topics.replication.factor",
          integer(-1, 32),
          "-1",
          "3",
          "Replicas of topics made by `topics create`; -1 takes the broker's default.");

  /** Largest record. */
  public static final ConfigKey<Long> TOPICS_RECORD_BYTES_MAX =
      optional(
          "topics.record.bytes.max",
          bytes(16 << 10, GIB),
          "8MiB",
          "2MiB",
          "Largest record of any of the topics. `topics check` compares it with the topics'"
              + " max.message.bytes.");

  /** Registry. */
  public static final ConfigKey<List<String>> REGISTRY_URL =
      required(
          "schema.registry.url",
          list(),
          "http://registry:8081",
          "Base URLs of the schema registry, tried in order.");

  /** Registry user. */
  public static final ConfigKey<String> REGISTRY_USER =
      optional(
          "schema.registry.user", optionalText(), "", "millrace", "User for basic authentication.");

  /** Registry password. */
  public static final ConfigKey<String> REGISTRY_PASSWORD =
      optional(
              "schema.registry.password",
              optionalText(),
              "",
              "${file:/run/secrets/registry}",
              "Password for basic authentication.")
          .asSecret();

  /** Registry timeout. */
  public static final ConfigKey<Duration> REGISTRY_TIMEOUT =
      optional(
          "schema.registry.timeout",
          time("ms", 100, 60_000),
          "3s",
          "5s",
          "How long one call to the registry may take.");

  /** Grace period of unknown ids. */
  public static final ConfigKey<Duration> REGISTRY_UNKNOWN_GRACE =
      optional(
          "schema.unknown.grace",
          time("s", 0, 86_400),
          "60s",
          "5m",
          "How long a schema id that the registry does not know is asked for again before the"
              + " document is rejected.");

  /** Format of the input. */
  public static final ConfigKey<DocumentFormat> DOCUMENTS_FORMAT =
      optional(
          "documents.format",
          oneOf(DocumentFormat.class),
          "avro",
          "json",
          "What the values of the input topic are.");

  /** Largest document. */
  public static final ConfigKey<Long> DOCUMENTS_BYTES_MAX =
      optional(
          "documents.bytes.max",
          bytes(1 << 10, GIB / 2),
          "4MiB",
          "1MiB",
          "Largest value that is enriched; a larger one is rejected.");

  /** Ordering. */
  public static final ConfigKey<Ordering> PROCESSING_ORDER =
      optional(
          "processing.order",
          oneOf(Ordering.class),
          "none",
          "key",
          "Whether outcomes keep the order of their documents: not at all, for each key, or for"
              + " the whole partition. Order costs latency, never throughput of the engine.");

  /** Documents in flight. */
  public static final ConfigKey<Integer> PROCESSING_IN_FLIGHT_MAX =
      optional(
          "processing.in.flight.max",
          integer(1, 100_000),
          "256",
          "512",
          "Documents that may be in the engine's hands at once, over all stream tasks.");

  /** Bytes in flight. */
  public static final ConfigKey<Long> PROCESSING_IN_FLIGHT_BYTES_MAX =
      optional(
          "processing.in.flight.bytes.max",
          bytes(1 << 20, 64 * GIB),
          "256MiB",
          "1GiB",
          "Bytes of those documents.");

  /** Documents in flight per task. */
  public static final ConfigKey<Integer> PROCESSING_IN_FLIGHT_TASK_MAX =
      optional(
          "processing.in.flight.task.max",
          integer(1, 100_000),
          "128",
          "64",
          "Documents of one partition that may be in memory at once, so that a busy partition"
              + " leaves room for the others.");

  /** Pending documents per task. */
  public static final ConfigKey<Integer> PROCESSING_PENDING_TASK_MAX =
      optional(
          "processing.pending.task.max",
          integer(1, 1_000_000),
          "256",
          "512",
          "Pending documents of one partition from which its consumption is slowed.");

  /** Slice. */
  public static final ConfigKey<Duration> PROCESSING_SLICE =
      optional(
          "processing.slice",
          time("ms", 5, 1000),
          "25ms",
          "50ms",
          "How long one record may be waited with while consumption is slowed.");

  /** Punctuation interval. */
  public static final ConfigKey<Duration> PROCESSING_TICK =
      optional(
          "processing.tick",
          time("ms", 1, 1000),
          "10ms",
          "20ms",
          "How often answers are looked for while documents are pending.");

  /** Deadline. */
  public static final ConfigKey<Duration> PROCESSING_DEADLINE =
      optional(
          "processing.deadline",
          time("s", 1, 86_400),
          "10m",
          "5m",
          "Time an attempt to enrich a document may take.");

  /** Attempts. */
  public static final ConfigKey<Integer> PROCESSING_ATTEMPTS_MAX =
      optional(
          "processing.attempts.max",
          integer(1, 100),
          "3",
          "5",
          "Attempts that may miss the deadline before the document is rejected.");

  /** Processes that may end with a document in flight. */
  public static final ConfigKey<Integer> PROCESSING_RESTARTS_MAX =
      optional(
          "processing.restarts.max",
          integer(3, 100),
          "3",
          "5",
          "Processes that may end while a document is in flight before the document is taken for the"
              + " cause and rejected. After the second it is enriched alone; from then on only an"
              + " end that finds it alone is counted.");

  /** Shortest back-off. */
  public static final ConfigKey<Duration> PROCESSING_BACKOFF_MIN =
      optional(
          "processing.backoff.min",
          time("ms", 1, 60_000),
          "100ms",
          "250ms",
          "First wait before a document is submitted again.");

  /** Longest back-off. */
  public static final ConfigKey<Duration> PROCESSING_BACKOFF_MAX =
      optional(
          "processing.backoff.max",
          time("ms", 1, 3_600_000),
          "10s",
          "30s",
          "Longest wait before a document is submitted again.");

  /** Stall. */
  public static final ConfigKey<Duration> WATCHDOG_STALL =
      optional(
          "watchdog.stall",
          time("s", 1, 604_800),
          "40m",
          "1h",
          "Without any outcome for so long while documents are pending, readiness goes red.");

  /** Model directory. */
  public static final ConfigKey<Path> MODEL_DIR =
      required(
          "model.dir", path(), "/models/llama-4-scout", "Directory of a Hugging Face checkpoint.");

  /** Plan. */
  public static final ConfigKey<String> MODEL_PLAN =
      optional(
          "model.plan",
          optionalText(),
          "",
          "/etc/millrace/enrichment.yaml",
          "What is asked about each document. Empty takes `enrichment.yaml` in the model's"
              + " directory.");

  /** Backend. */
  public static final ConfigKey<String> MODEL_BACKEND =
      optional(
          "model.backend",
          text(),
          "auto",
          "cpu",
          "What computes the model; `auto` takes the best one that is usable and says why.");

  /** Step tokens. */
  public static final ConfigKey<Integer> MODEL_STEP_TOKENS_MAX =
      optional(
          "model.step.tokens.max",
          integer(1, 65_536),
          "1024",
          "2048",
          "Tokens computed in one step: more is faster prefill and slower answers beside it.");

  /** Key-value memory. */
  public static final ConfigKey<Long> MODEL_KV_MEMORY =
      optional(
          "model.kv.memory",
          bytes(0, 4096 * GIB),
          "0",
          "8GiB",
          "Memory for keys and values; 0 chooses from the model and the machine.");

  /** Sequences. */
  public static final ConfigKey<Integer> MODEL_SEQUENCES_MAX =
      optional(
          "model.sequences.max", integer(1, 65_536), "256", "64", "Sequences that run at once.");

  /** Prefix cache. */
  public static final ConfigKey<Boolean> MODEL_PREFIX_CACHE =
      optional(
          "model.prefix.cache",
          bool(),
          "true",
          "false",
          "Whether computed beginnings of prompts are kept for others that begin the same way.");

  /** Health host. */
  public static final ConfigKey<String> HEALTH_HOST =
      optional(
          "health.host",
          text(),
          "127.0.0.1",
          "0.0.0.0",
          "Address of the probes and metrics. They have no authentication: open them to a network"
              + " only if it is trusted.");

  /** Health port. */
  public static final ConfigKey<Integer> HEALTH_PORT =
      optional(
          "health.port",
          integer(0, 65_535),
          "9464",
          "8080",
          "Port of /health/live, /health/ready and /metrics; 0 takes a free one.");

  private static final List<ConfigKey<?>> ALL =
      List.of(
          BOOTSTRAP_SERVERS,
          TRANSACTION_VERSION_MIN,
          APP_ID,
          APP_INSTANCE_ID,
          APP_STATE_DIR,
          APP_THREADS,
          APP_GROUP_PROTOCOL,
          APP_STANDBY_REPLICAS,
          APP_REPLICATION_FACTOR,
          APP_COMMIT_INTERVAL,
          APP_TRANSACTION_TIMEOUT,
          APP_SESSION_TIMEOUT,
          APP_HEARTBEAT_INTERVAL,
          APP_POLL_INTERVAL_MAX,
          APP_POLL_RECORDS_MAX,
          APP_DRAIN_TIMEOUT,
          APP_STOP_TIMEOUT,
          TOPIC_DOCUMENTS,
          TOPIC_ENRICHED,
          TOPIC_QUARANTINED,
          TOPIC_DEAD_LETTER,
          TOPICS_PARTITIONS,
          TOPICS_REPLICATION_FACTOR,
          TOPICS_RECORD_BYTES_MAX,
          REGISTRY_URL,
          REGISTRY_USER,
          REGISTRY_PASSWORD,
          REGISTRY_TIMEOUT,
          REGISTRY_UNKNOWN_GRACE,
          DOCUMENTS_FORMAT,
          DOCUMENTS_BYTES_MAX,
          PROCESSING_ORDER,
          PROCESSING_IN_FLIGHT_MAX,
          PROCESSING_IN_FLIGHT_BYTES_MAX,
          PROCESSING_IN_FLIGHT_TASK_MAX,
          PROCESSING_PENDING_TASK_MAX,
          PROCESSING_SLICE,
          PROCESSING_TICK,
          PROCESSING_DEADLINE,
          PROCESSING_ATTEMPTS_MAX,
          PROCESSING_RESTARTS_MAX,
          PROCESSING_BACKOFF_MIN,
          PROCESSING_BACKOFF_MAX,
          WATCHDOG_STALL,
          MODEL_DIR,
          MODEL_PLAN,
          MODEL_BACKEND,
          MODEL_STEP_TOKENS_MAX,
          MODEL_KV_MEMORY,
          MODEL_SEQUENCES_MAX,
          MODEL_PREFIX_CACHE,
          HEALTH_HOST,
          HEALTH_PORT);

  private ConfigKeys() {}

  /** All of them, in the order of the reference page. */
  public static List<ConfigKey<?>> all() {
    return ALL;
  }

  static Map<String, ConfigKey<?>> byName() {
    Map<String, ConfigKey<?>> byName = new LinkedHashMap<>();
    for (ConfigKey<?> key : ALL) {
      byName.put(key.name(), key);
    }
    return byName;
  }
}
