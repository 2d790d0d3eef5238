package dev.millrace.streams.topology;

import dev.millrace.operations.cluster.PlanWatch;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigKey;
import dev.millrace.operations.config.KafkaKeys;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.records.PlanFingerprint;
import dev.millrace.streams.config.AppKeys;
import dev.millrace.streams.config.GroupProtocol;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.LogAndFailExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailProcessingExceptionHandler;

/** Settings of Kafka Streams that the processor's promises rest on. */
public final class StreamsSettings {
  /** How long the changelog keeps deletions: a state directory that is older may not be used. */
  private static final Duration DELETIONS_KEPT = Duration.ofDays(7);

  private static final Duration STATE_KEPT = Duration.ofDays(6);
  private static final Duration METADATA_AGE_MAX = Duration.ofSeconds(15);
  private static final String GLOBAL_HANDLER = "processing.exception.handler.global.enabled";
  private static final int SEGMENT_BYTES = 32 << 20;
  private static final long BUFFER_BYTES_MIN = 32L << 20;

  private StreamsSettings() {}

  /**
   * Settings for {@code KafkaStreams}.
   *
   * @param plan what this instance runs, for the others of its group to see
   */
  public static Properties of(Config config, PlanFingerprint plan) {
    Properties properties = of(config);
    String member = PlanWatch.member(instanceId(config), plan);
    // A static member keeps its first client id for ever, and a dynamic one has no other name.
    String name = StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
    put(properties, properties.containsKey(name) ? name : StreamsConfig.CLIENT_ID_CONFIG, member);
    return properties;
  }

  /** The same of an instance that enriches nothing. */
  public static Properties of(Config config) {
    Properties properties = new Properties();
    properties.putAll(config.client());
    put(properties, StreamsConfig.APPLICATION_ID_CONFIG, config.get(AppKeys.ID));
    put(
        properties,
        StreamsConfig.BOOTSTRAP_SERVERS_CONFIG,
        String.join(",", config.get(KafkaKeys.BOOTSTRAP_SERVERS)));
    put(properties, StreamsConfig.STATE_DIR_CONFIG, config.path(AppKeys.STATE_DIR));
    put(properties, StreamsConfig.NUM_STREAM_THREADS_CONFIG, config.get(AppKeys.THREADS));
    put(
        properties,
        StreamsConfig.REPLICATION_FACTOR_CONFIG,
        config.get(AppKeys.REPLICATION_FACTOR));
    put(properties, StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
    put(properties, StreamsConfig.POLL_MS_CONFIG, 10);
    put(
        properties,
        StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG,
        config.get(AppKeys.POLL_RECORDS_MAX));
    put(properties, StreamsConfig.STATE_CLEANUP_DIR_MAX_AGE_MS_CONFIG, STATE_KEPT.toMillis());
    put(properties, StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, SharedRocksDb.class);
    putGuarantees(properties, config);
    putGroup(properties, config);
    putProducer(properties, config);
    return properties;
  }

  /** Settings of the changelog topic of the pending store. */
  public static Map<String, String> changelogTopic(Config config) {
    return Map.of(
        // The documents' own timestamps are no business of the changelog: an odd one would be
        // refused, and an old one would make every segment due for compaction.
        TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime",
        TopicConfig.SEGMENT_BYTES_CONFIG, Integer.toString(SEGMENT_BYTES),
        TopicConfig.SEGMENT_MS_CONFIG, Long.toString(Duration.ofMinutes(20).toMillis()),
        TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG, "0.1",
        TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG, Long.toString(Duration.ofHours(1).toMillis()),
        TopicConfig.DELETE_RETENTION_MS_CONFIG, Long.toString(DELETIONS_KEPT.toMillis()),
        TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
            Long.toString(config.get(TopicKeys.RECORD_BYTES_MAX)));
  }

  /** Name of this instance: as configured, or the host's. */
  public static String instanceId(Config config) {
    String configured = config.get(AppKeys.INSTANCE_ID);
    if (!configured.isEmpty()) {
      return configured;
    }
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      throw new IllegalStateException(
          "cannot name this instance: the host has no name; set app.instance.id", e);
    }
  }

  private static void putGuarantees(Properties properties, Config config) {
    put(properties, StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    put(properties, StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, AppKeys.COMMIT_INTERVAL, config);
    // A handler that goes on would commit an offset beside a half-done document.
    put(
        properties,
        StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG,
        LogAndFailExceptionHandler.class);
    put(
        properties,
        StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG,
        LogAndFailProcessingExceptionHandler.class);
    // There is no global store. Kafka Streams warns if this is not set, and so does the assignor of
    // each consumer, which sees the settings under the consumer's prefix only.
    put(properties, GLOBAL_HANDLER, true);
    put(properties, StreamsConfig.mainConsumerPrefix(GLOBAL_HANDLER), true);
  }

  private static void putGroup(Properties properties, Config config) {
    put(
        properties,
        StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG),
        config.get(AppKeys.POLL_RECORDS_MAX));
    put(
        properties,
        StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG),
        AppKeys.POLL_INTERVAL_MAX,
        config);
    if (!config.client().containsKey(ConsumerConfig.METADATA_MAX_AGE_CONFIG)) {
      // How long partitions that were added to an input are not read.
      put(
          properties,
          StreamsConfig.mainConsumerPrefix(ConsumerConfig.METADATA_MAX_AGE_CONFIG),
          METADATA_AGE_MAX.toMillis());
    }
    put(
        properties,
        StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG),
        "earliest");
    if (config.get(AppKeys.GROUP_PROTOCOL) == GroupProtocol.STREAMS) {
      put(properties, StreamsConfig.GROUP_PROTOCOL_CONFIG, "streams");
      return;
    }
    put(properties, StreamsConfig.GROUP_PROTOCOL_CONFIG, "classic");
    put(
        properties,
        StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG,
        config.get(AppKeys.STANDBY_REPLICAS));
    put(
        properties,
        StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG),
        instanceId(config));
    put(
        properties,
        StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG),
        AppKeys.SESSION_TIMEOUT,
        config);
    put(
        properties,
        StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG),
        AppKeys.HEARTBEAT_INTERVAL,
        config);
  }

  private static void putProducer(Properties properties, Config config) {
    long recordBytesMax = config.get(TopicKeys.RECORD_BYTES_MAX);
    put(
        properties,
        StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
        AppKeys.TRANSACTION_TIMEOUT,
        config);
    put(properties, StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
    put(properties, StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    put(
        properties,
        StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG),
        recordBytesMax);
    put(
        properties,
        StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG),
        Math.max(BUFFER_BYTES_MIN, 4 * recordBytesMax));
  }

  private static void put(
      Properties properties, String name, ConfigKey<Duration> key, Config config) {
    put(properties, name, config.get(key).toMillis());
  }

  private static void put(Properties properties, String name, Object value) {
    properties.put(name, value instanceof Class<?> type ? type : value.toString());
  }
}
