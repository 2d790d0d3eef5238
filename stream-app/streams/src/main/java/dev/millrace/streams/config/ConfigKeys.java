package dev.millrace.streams.config;

import static dev.millrace.streams.config.ConfigKey.optional;
import static dev.millrace.streams.config.ConfigKey.required;
import static dev.millrace.streams.config.ConfigType.bool;
import static dev.millrace.streams.config.ConfigType.brokers;
import static dev.millrace.streams.config.ConfigType.bytes;
import static dev.millrace.streams.config.ConfigType.integer;
import static dev.millrace.streams.config.ConfigType.oneOf;
import static dev.millrace.streams.config.ConfigType.optionalText;
import static dev.millrace.streams.config.ConfigType.path;
import static dev.millrace.streams.config.ConfigType.registryUrls;
import static dev.millrace.streams.config.ConfigType.text;
import static dev.millrace.streams.config.ConfigType.time;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Every setting, those of {@link AppKeys} and {@link ProcessingKeys} included. Parsing, checks, the
 * reference page and the start-up print come from this list. The description in a declaration is
 * its documentation.
 */
public final class ConfigKeys {
  private static final long GIB = 1L << 30;

  public static final ConfigKey<List<String>> BOOTSTRAP_SERVERS =
      required("kafka.bootstrap.servers", brokers(), "broker-1:9092", "Brokers to bootstrap from.");

  public static final ConfigKey<Integer> TRANSACTION_VERSION_MIN =
      optional(
          "kafka.transaction.version.min",
          integer(0, 100),
          "2",
          "2",
          "Least transaction.version of the cluster. Below 2, a late commit or abort of a dead client"
              + " may hit the next transaction (KIP-890), and exactly-once does not hold. 0 asks"
              + " nothing of the cluster.");

  public static final ConfigKey<String> TOPIC_DOCUMENTS =
      optional("topics.documents", text(), "documents", "documents", "Input.");

  public static final ConfigKey<String> TOPIC_ENRICHED =
      optional("topics.enriched", text(), "enriched-documents", "enriched", "Enriched documents.");

  public static final ConfigKey<String> TOPIC_QUARANTINED =
      optional(
          "topics.quarantined",
          text(),
          "quarantined-documents",
          "quarantine",
          "Documents that the safety check held back.");

  public static final ConfigKey<String> TOPIC_DEAD_LETTER =
      optional(
          "topics.dead.letter",
          text(),
          "dead-letter-documents",
          "dead-letters",
          "Documents that cannot be enriched, with their original bytes and the reason.");

  public static final ConfigKey<Integer> TOPICS_PARTITIONS =
      optional(
          "topics.partitions",
          integer(1, 10_000),
          "6",
          "12",
          "Partitions of topics made by `topics create`.");

  public static final ConfigKey<Integer> TOPICS_REPLICATION_FACTOR =
      optional(
          "topics.replication.factor",
          integer(-1, 32),
          "-1",
          "3",
          "Replicas of topics made by `topics create`; -1 takes the broker's default.");

  public static final ConfigKey<Long> TOPICS_RECORD_BYTES_MAX =
      optional(
          "topics.record.bytes.max",
          bytes(16 << 10, GIB),
          "8MiB",
          "2MiB",
          "Largest record of any of the topics. `topics check` compares it with the topics'"
              + " max.message.bytes.");

  public static final ConfigKey<List<String>> REGISTRY_URL =
      required(
          "schema.registry.url",
          registryUrls(),
          "http://registry:8081",
          "Base URLs of the schema registry, tried in order. User and password may stand in a URL,"
              + " percent-encoded.");

  public static final ConfigKey<String> REGISTRY_USER =
      optional(
          "schema.registry.user", optionalText(), "", "millrace", "User for basic authentication.");

  public static final ConfigKey<String> REGISTRY_PASSWORD =
      optional(
              "schema.registry.password",
              optionalText(),
              "",
              "${file:/run/secrets/registry}",
              "Password for basic authentication.")
          .asSecret();

  public static final ConfigKey<Duration> REGISTRY_TIMEOUT =
      optional(
          "schema.registry.timeout",
          time("ms", 100, 60_000),
          "3s",
          "5s",
          "How long one call to the registry may take.");

  public static final ConfigKey<Duration> REGISTRY_UNKNOWN_GRACE =
      optional(
          "schema.unknown.grace",
          time("s", 0, 86_400),
          "60s",
          "5m",
          "How long a schema id that the registry does not know is asked for again before the"
              + " document is rejected.");

  public static final ConfigKey<DocumentFormat> DOCUMENTS_FORMAT =
      optional(
          "documents.format",
          oneOf(DocumentFormat.class),
          "avro",
          "json",
          "What the values of the input topic are.");

  public static final ConfigKey<Long> DOCUMENTS_BYTES_MAX =
      optional(
          "documents.bytes.max",
          bytes(1 << 10, GIB / 2),
          "4MiB",
          "1MiB",
          "Largest value that is enriched; a larger one is rejected.");

  public static final ConfigKey<Path> MODEL_DIR =
      required(
          "model.dir", path(), "/models/llama-4-scout", "Directory of a Hugging Face checkpoint.");

  public static final ConfigKey<String> MODEL_PLAN =
      optional(
          "model.plan",
          optionalText(),
          "",
          "/etc/millrace/enrichment.yaml",
          "What is asked about each document. Empty takes `enrichment.yaml` in the model's"
              + " directory.");

  public static final ConfigKey<String> MODEL_BACKEND =
      optional(
          "model.backend",
          text(),
          "auto",
          "cpu",
          "What computes the model; `auto` takes the best one that is usable and says why.");

  public static final ConfigKey<ModelArithmetic> MODEL_ARITHMETIC =
      optional(
          "model.arithmetic",
          oneOf(ModelArithmetic.class),
          "auto",
          "f32",
          "Operands of matrix products. `auto` is the fastest that the device computes natively; `f32`"
              + " is slower and as exact as single precision is.");

  public static final ConfigKey<Integer> MODEL_STEP_TOKENS_MAX =
      optional(
          "model.step.tokens.max",
          integer(1, 65_536),
          "1024",
          "2048",
          "Tokens computed in one step: a larger value speeds up prefill and slows down requests that"
              + " are decoding.");

  public static final ConfigKey<Long> MODEL_KV_MEMORY =
      optional(
          "model.kv.memory",
          bytes(0, 4096 * GIB),
          "0",
          "8GiB",
          "Memory for keys and values; 0 chooses from the model and the machine.");

  public static final ConfigKey<Integer> MODEL_SEQUENCES_MAX =
      optional(
          "model.sequences.max", integer(1, 65_536), "256", "64", "Sequences that run at once.");

  public static final ConfigKey<Boolean> MODEL_PREFIX_CACHE =
      optional(
          "model.prefix.cache",
          bool(),
          "true",
          "false",
          "Whether to cache prompt prefixes for reuse by later requests.");

  public static final ConfigKey<String> HEALTH_HOST =
      optional(
          "health.host",
          text(),
          "127.0.0.1",
          "0.0.0.0",
          "Address of the probes and metrics. They have no authentication: open them to a network"
              + " only if it is trusted.");

  public static final ConfigKey<Integer> HEALTH_PORT =
      optional(
          "health.port",
          integer(0, 65_535),
          "9464",
          "8080",
          "Port of /health/live, /health/ready and /metrics; 0 takes a free one.");

  private static final List<ConfigKey<?>> ALL =
      Stream.<List<ConfigKey<?>>>of(
              List.of(BOOTSTRAP_SERVERS, TRANSACTION_VERSION_MIN),
              AppKeys.ALL,
              List.of(
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
                  DOCUMENTS_BYTES_MAX),
              ProcessingKeys.ALL,
              List.of(
                  MODEL_DIR,
                  MODEL_PLAN,
                  MODEL_BACKEND,
                  MODEL_ARITHMETIC,
                  MODEL_STEP_TOKENS_MAX,
                  MODEL_KV_MEMORY,
                  MODEL_SEQUENCES_MAX,
                  MODEL_PREFIX_CACHE,
                  HEALTH_HOST,
                  HEALTH_PORT))
          .flatMap(List::stream)
          .toList();

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
