package dev.millrace.operations.config;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Properties of Kafka clients beside the streams. They hold secrets. */
public final class KafkaClientProperties {
  private static final int REQUEST_TIMEOUT_MILLIS = 5_000;
  private static final int API_TIMEOUT_MILLIS = 10_000;
  private static final long BUFFER_BYTES_MIN = 32L << 20;

  private KafkaClientProperties() {}

  /** For an admin client that gives up after some seconds. */
  public static Map<String, Object> admin(Config config) {
    Map<String, Object> properties = common(config, AdminClientConfig.configNames());
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_TIMEOUT_MILLIS);
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, API_TIMEOUT_MILLIS);
    return properties;
  }

  /** For a producer of bytes that loses and repeats nothing. */
  public static Map<String, Object> producer(Config config) {
    Map<String, Object> properties = common(config, ProducerConfig.configNames());
    long recordBytesMax = config.get(TopicKeys.RECORD_BYTES_MAX);
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 5);
    properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, (int) recordBytesMax);
    properties.put(
        ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(BUFFER_BYTES_MIN, 4 * recordBytesMax));
    properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return properties;
  }

  /** For a consumer of bytes that sees committed records only and belongs to no group. */
  public static Map<String, Object> consumer(Config config) {
    Map<String, Object> properties = common(config, ConsumerConfig.configNames());
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, API_TIMEOUT_MILLIS);
    properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    return properties;
  }

  private static Map<String, Object> common(Config config, java.util.Set<String> names) {
    Map<String, Object> properties = new HashMap<>();
    config
        .client()
        .forEach((name, value) -> {
          if (names.contains(name)) {
            properties.put(name, value);
          }
        });
    properties.put(
        CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG,
        String.join(",", config.get(KafkaKeys.BOOTSTRAP_SERVERS)));
    return properties;
  }
}
