package dev.millrace.streams.deploy;

import dev.millrace.streams.config.AppKeys;
import dev.millrace.streams.config.Config;
import dev.millrace.streams.config.ConfigKeys;
import dev.millrace.streams.config.KafkaClientProperties;
import dev.millrace.streams.processor.EnrichmentProcessor;
import dev.millrace.streams.processor.TimestampRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** The topics of the application. Owns an admin client: close it. */
public final class TopicDeployment implements AutoCloseable {
  private static final String DELETE = "delete";
  private static final int VISIBLE_ATTEMPTS = 200;
  private static final int VISIBLE_WAIT_MILLIS = 50;

  private final Config config;
  private final Admin admin;
  private final String documents;
  private final List<String> outputs;
  private final String changelog;

  /** Opens an admin client; connects at the first call. */
  public TopicDeployment(Config config) {
    this.config = config;
    this.admin = Admin.create(KafkaClientProperties.admin(config));
    this.documents = config.get(ConfigKeys.TOPIC_DOCUMENTS);
    this.outputs =
        List.of(
            config.get(ConfigKeys.TOPIC_ENRICHED),
            config.get(ConfigKeys.TOPIC_QUARANTINED),
            config.get(ConfigKeys.TOPIC_DEAD_LETTER));
    this.changelog = changelog(config);
  }

  /** Name of the topic that Kafka Streams keeps the pending store in. */
  public static String changelog(Config config) {
    return config.get(AppKeys.ID) + "-" + EnrichmentProcessor.STORE + "-changelog";
  }

  /**
   * Creates the topics that do not exist; changes none.
   *
   * @return for each topic, whether it was created
   */
  public Map<String, Boolean> create() {
    Map<String, Boolean> created = new LinkedHashMap<>();
    List<String> all = new ArrayList<>();
    all.add(documents);
    all.addAll(outputs);
    for (String topic : all) {
      NewTopic wanted =
          new NewTopic(
                  topic, Optional.of(config.get(ConfigKeys.TOPICS_PARTITIONS)), replicationFactor())
              .configs(
                  Map.of(
                      TopicConfig.CLEANUP_POLICY_CONFIG,
                      DELETE,
                      TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                      Long.toString(recordBytesMax())));
      try {
        await("create topic " + topic, admin.createTopics(List.of(wanted)).all());
        created.put(topic, true);
      } catch (DeployException e) {
        if (!(e.getCause() instanceof TopicExistsException)) {
          throw e;
        }
        created.put(topic, false);
      }
    }
    all.forEach(this::awaitVisible);
    return created;
  }

  /** The controller has the topic; the brokers hear of it a moment later. */
  private void awaitVisible(String topic) {
    for (int attempt = 0; attempt < VISIBLE_ATTEMPTS; attempt++) {
      if (partitions(topic).isPresent()) {
        return;
      }
      try {
        TimeUnit.MILLISECONDS.sleep(VISIBLE_WAIT_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new DeployException("interrupted while waiting for topic " + topic, e);
      }
    }
    throw new DeployException(
        String.format(
            Locale.ROOT,
            "topic %s was created, but no broker knows it after %d s",
            topic,
            VISIBLE_ATTEMPTS * VISIBLE_WAIT_MILLIS / 1000));
  }

  /** What is wrong with the topics, one line each; empty if the application may start. */
  public List<String> check() {
    List<String> problems = new ArrayList<>();
    List<String> existing = new ArrayList<>();
    List<String> all = new ArrayList<>();
    all.add(documents);
    all.addAll(outputs);
    for (String topic : all) {
      if (partitions(topic).isEmpty()) {
        problems.add("topic %s does not exist; run `millrace topics create`".formatted(topic));
      } else {
        existing.add(topic);
      }
    }
    boolean hasChangelog = partitions(changelog).isPresent();
    if (hasChangelog) {
      existing.add(changelog);
    }
    Map<String, Map<String, String>> settings = settings(existing);
    for (String topic : outputs) {
      checkSize(topic, settings, problems);
      checkValue(topic, TopicConfig.CLEANUP_POLICY_CONFIG, DELETE, settings, problems);
    }
    if (hasChangelog) {
      checkSize(changelog, settings, problems);
      checkValue(changelog, TopicConfig.CLEANUP_POLICY_CONFIG, "compact", settings, problems);
      checkPartitions(problems);
    }
    return problems;
  }

  /** What an operator should know of the topics that does not stop the application. */
  public List<String> warnings() {
    List<String> others = new ArrayList<>(outputs);
    others.add(changelog);
    return TopicTimestamps.warnings(documents, others, settingsOfExisting(documents, others));
  }

  /**
   * The timestamps that changelog and outputs take, by the name of the store or sink; without those
   * that do not exist.
   */
  public Map<String, TimestampRange> timestampRanges() {
    Map<String, String> topics = new LinkedHashMap<>();
    topics.put(EnrichmentProcessor.STORE, changelog);
    topics.put(EnrichmentProcessor.ENRICHED, config.get(ConfigKeys.TOPIC_ENRICHED));
    topics.put(EnrichmentProcessor.QUARANTINED, config.get(ConfigKeys.TOPIC_QUARANTINED));
    topics.put(EnrichmentProcessor.DEAD_LETTER, config.get(ConfigKeys.TOPIC_DEAD_LETTER));
    Map<String, Map<String, String>> settings =
        settingsOfExisting(documents, List.copyOf(topics.values()));
    Map<String, TimestampRange> ranges = new LinkedHashMap<>();
    topics.forEach((name, topic) -> {
      Map<String, String> found = settings.get(topic);
      if (found != null) {
        ranges.put(name, TopicTimestamps.range(found));
      }
    });
    return ranges;
  }

  private Map<String, Map<String, String>> settingsOfExisting(String first, List<String> others) {
    List<String> existing = new ArrayList<>();
    for (String topic : others) {
      if (partitions(topic).isPresent()) {
        existing.add(topic);
      }
    }
    if (partitions(first).isPresent()) {
      existing.add(first);
    }
    return settings(existing);
  }

  private void checkPartitions(List<String> problems) {
    int input = partitions(documents).orElse(0);
    int stored = partitions(changelog).orElse(0);
    if (input != 0 && input != stored) {
      problems.add(
          String.format(
                  Locale.ROOT,
                  "topic %s has %d partitions, but %d when application %s first ran; "
                      + "partitions cannot be",
                  documents,
                  input,
                  stored,
                  config.get(AppKeys.ID))
              + " added to a running application: choose another app.id once it has finished");
    }
  }

  private void checkSize(
      String topic, Map<String, Map<String, String>> settings, List<String> problems) {
    String text = settings.getOrDefault(topic, Map.of()).get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
    if (text != null && Long.parseLong(text) < recordBytesMax()) {
      problems.add(
          String.format(
                  Locale.ROOT,
                  "topic %s takes records of %s bytes, topics.record.bytes.max is %d; raise "
                      + "max.message.bytes",
                  topic,
                  text,
                  recordBytesMax())
              + " of the topic, or lower topics.record.bytes.max");
    }
  }

  private static void checkValue(
      String topic,
      String name,
      String expected,
      Map<String, Map<String, String>> settings,
      List<String> problems) {
    String found = settings.getOrDefault(topic, Map.of()).get(name);
    if (found != null && !found.equals(expected)) {
      problems.add("topic %s has %s=%s, expected %s".formatted(topic, name, found, expected));
    }
  }

  private Optional<Integer> partitions(String topic) {
    KafkaFuture<TopicDescription> description =
        admin.describeTopics(List.of(topic)).topicNameValues().get(topic);
    if (description == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(await("describe topic " + topic, description).partitions().size());
    } catch (DeployException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private Map<String, Map<String, String>> settings(List<String> topics) {
    List<ConfigResource> resources =
        topics.stream().map(t -> new ConfigResource(ConfigResource.Type.TOPIC, t)).toList();
    Map<String, Map<String, String>> settings = new HashMap<>();
    await("read the settings of the topics", admin.describeConfigs(resources).all())
        .forEach((resource, entries) -> {
          Map<String, String> values = new HashMap<>();
          entries.entries().forEach(entry -> values.put(entry.name(), entry.value()));
          settings.put(resource.name(), values);
        });
    return settings;
  }

  private Optional<Short> replicationFactor() {
    int configured = config.get(ConfigKeys.TOPICS_REPLICATION_FACTOR);
    return configured < 1 ? Optional.empty() : Optional.of((short) configured);
  }

  private long recordBytesMax() {
    return config.get(ConfigKeys.TOPICS_RECORD_BYTES_MAX);
  }

  private <T> T await(String doing, KafkaFuture<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DeployException("interrupted: cannot " + doing, e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (cause instanceof TimeoutException) {
        throw new DeployException(
            "cannot %s: no broker answers at %s; start it, or set kafka.bootstrap.servers"
                .formatted(doing, String.join(",", config.get(ConfigKeys.BOOTSTRAP_SERVERS))),
            cause);
      }
      throw new DeployException("cannot %s: %s".formatted(doing, cause.getMessage()), cause);
    }
  }

  @Override
  public void close() {
    admin.close();
  }
}
