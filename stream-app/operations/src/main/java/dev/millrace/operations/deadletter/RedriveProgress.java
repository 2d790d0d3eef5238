package dev.millrace.operations.deadletter;

import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.TopicKeys;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * How far re-drives have come, in a compacted topic of their own: the committed offsets of a group
 * without members, where they were before, are forgotten after a week. Written in the transactions
 * that copy. Knows a topic that was deleted and created again, whose offsets begin anew. Used by
 * one thread.
 */
final class RedriveProgress {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int STEP_MILLIS = 50;
  private static final String COMPACT = TopicConfig.CLEANUP_POLICY_COMPACT;

  /**
   * Dead letters that are passed over or copied together, and have progress of their own: a run for
   * some must not pass over the others for good.
   *
   * @param reason why they are dead letters
   * @param redrives how often their documents were re-driven before
   */
  record Kind(RejectReason reason, int redrives) {}

  private record Place(Kind kind, TopicPartition partition) {}

  private final Config config;
  private final String topic;
  private final Map<String, String> topicIds = new HashMap<>();
  private final Map<String, Long> next = new HashMap<>();
  private final Map<Place, Long> changed = new HashMap<>();

  /**
   * @param application its name: the topic has it
   */
  RedriveProgress(Config config, String application) {
    this.config = config;
    this.topic = application + "-redrives";
  }

  /** Where it is kept. */
  String topic() {
    return topic;
  }

  /**
   * Reads it to its end, and creates its topic if there is none. To be called when no earlier run
   * can write any more.
   *
   * @param deadLetters topics whose progress is asked for
   * @throws OperationException if it cannot be known: then nothing may be copied
   */
  void read(Collection<String> deadLetters) {
    try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
      create(admin);
      Map<String, TopicDescription> described =
          await(
              "describe the topics of dead letters",
              admin.describeTopics(deadLetters).allTopicNames());
      described.forEach((name, one) -> topicIds.put(name, one.topicId().toString()));
      long end = awaitEnd(admin);
      TopicPartition partition = new TopicPartition(topic, 0);
      try (KafkaConsumer<byte[], byte[]> consumer =
          new KafkaConsumer<>(KafkaClientProperties.consumer(config))) {
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        while (consumer.position(partition) < end) {
          consumer.poll(POLL).forEach(this::take);
        }
      }
    }
  }

  /** Creates the topic if there is none, or sees to it that the one there is forgets nothing. */
  private void create(Admin admin) {
    int replicas = config.get(TopicKeys.REPLICATION_FACTOR);
    NewTopic wanted =
        new NewTopic(
                topic,
                Optional.of(1),
                replicas < 1 ? Optional.empty() : Optional.of((short) replicas))
            .configs(Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, COMPACT));
    try {
      // Creating what exists needs the right to create.
      await("describe topic " + topic, admin.describeTopics(List.of(topic)).allTopicNames());
    } catch (OperationException e) {
      if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
        throw e;
      }
      try {
        await("create topic " + topic, admin.createTopics(List.of(wanted)).all());
        return;
      } catch (OperationException refused) {
        if (!(refused.getCause() instanceof TopicExistsException)) {
          throw new OperationException(
              refused.getMessage() + "; create it with one partition and cleanup.policy=compact",
              refused);
        }
      }
    }
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    String policy =
        await("read the settings of topic " + topic, admin.describeConfigs(List.of(resource)).all())
            .values()
            .stream()
            .flatMap(settings -> settings.entries().stream())
            .filter(entry -> entry.name().equals(TopicConfig.CLEANUP_POLICY_CONFIG))
            .map(ConfigEntry::value)
            .findFirst()
            .orElse("unknown");
    if (!COMPACT.equals(policy)) {
      throw new OperationException(
          ("topic %s has cleanup.policy=%s, expected compact: it would forget how far re-drives"
                  + " have come; change it")
              .formatted(topic, policy));
    }
  }

  /** Waits until all that was written is decided, and gives the end of it. */
  private long awaitEnd(Admin admin) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      long written = end(admin, IsolationLevel.READ_UNCOMMITTED);
      if (end(admin, IsolationLevel.READ_COMMITTED) >= written) {
        return written;
      }
      if (System.nanoTime() - deadline > 0) {
        throw new OperationException(
            String.format(
                Locale.ROOT,
                ("cannot know how far re-drives have come: a transaction in topic %s has not ended"
                    + " for %d s; see docs/failures.md#hanging-transactions"),
                topic,
                PATIENCE.toSeconds()));
      }
      sleep();
    }
  }

  private static void sleep() {
    try {
      TimeUnit.MILLISECONDS.sleep(STEP_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperationException("interrupted while reading how far re-drives have come", e);
    }
  }

  private long end(Admin admin, IsolationLevel level) {
    TopicPartition partition = new TopicPartition(topic, 0);
    return await(
            "find the end of topic " + topic,
            admin
                .listOffsets(Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(level))
                .partitionResult(partition))
        .offset();
  }

  private void take(ConsumerRecord<byte[], byte[]> record) {
    if (record.key() != null && record.value() != null) {
      next.put(
          new String(record.key(), StandardCharsets.UTF_8),
          Long.parseLong(new String(record.value(), StandardCharsets.US_ASCII)));
    }
  }

  /**
   * The first offset of a partition whose dead letters of a kind were neither copied nor passed.
   */
  long next(Kind kind, TopicPartition partition) {
    Long mine = changed.get(new Place(kind, partition));
    return mine == null ? next.getOrDefault(key(kind, partition), 0L) : mine;
  }

  /** Moves it on, in memory. */
  void advance(Kind kind, TopicPartition partition, long to) {
    if (to > next(kind, partition)) {
      changed.put(new Place(kind, partition), to);
    }
  }

  /** What has moved since the last call, to be written in the transaction that copies. */
  List<ProducerRecord<byte[], byte[]>> changes() {
    Map<String, Long> sorted = new TreeMap<>();
    changed.forEach((place, to) -> sorted.put(key(place.kind(), place.partition()), to));
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    sorted.forEach((key, to) ->
        records.add(
            new ProducerRecord<>(
                topic,
                0,
                key.getBytes(StandardCharsets.UTF_8),
                Long.toString(to).getBytes(StandardCharsets.US_ASCII))));
    next.putAll(sorted);
    changed.clear();
    return records;
  }

  /** With the topic's id, which another topic of the same name does not have. */
  private String key(Kind kind, TopicPartition partition) {
    return String.format(
        Locale.ROOT,
        "%s %d %s %s %d",
        kind.reason(),
        kind.redrives(),
        partition.topic(),
        topicIds.getOrDefault(partition.topic(), ""),
        partition.partition());
  }

  private static <T> T await(String doing, KafkaFuture<T> future) {
    try {
      return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperationException("interrupted: cannot " + doing, e);
    } catch (ExecutionException | TimeoutException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new OperationException("cannot %s: %s".formatted(doing, cause.getMessage()), cause);
    }
  }
}
