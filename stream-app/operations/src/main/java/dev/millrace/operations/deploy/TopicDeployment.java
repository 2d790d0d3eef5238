package dev.millrace.operations.deploy;

import dev.millrace.operations.Answers;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.KafkaKeys;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.records.OutcomeTimestamp;
import dev.millrace.records.TimestampRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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
  private final Set<TopicSelection> inputs = new LinkedHashSet<>();
  private final List<String> outputs;
  private final Map<TopicSelection, String> changelogs;

  /**
   * Opens an admin client; connects at the first call.
   *
   * @param changelogs by input, the topic in which the application keeps its state, one partition
   *     for each of the input's, of the one with the most where there are several; it makes them
   *     itself
   */
  public TopicDeployment(Config config, Map<TopicSelection, String> changelogs) {
    this.config = config;
    this.admin = Admin.create(KafkaClientProperties.admin(config));
    Input.all(config).forEach(input -> inputs.add(input.topics().documents()));
    this.outputs = Input.outputs(config);
    this.changelogs = new LinkedHashMap<>(changelogs);
  }

  /**
   * Creates the topics that have names and do not exist; changes none.
   *
   * @return for each topic, whether it was created
   */
  public Map<String, Boolean> create() {
    Map<String, Boolean> created = new LinkedHashMap<>();
    List<String> all = named();
    for (String topic : all) {
      NewTopic wanted =
          new NewTopic(topic, Optional.of(config.get(TopicKeys.PARTITIONS)), replicationFactor())
              .configs(
                  Map.of(
                      TopicConfig.CLEANUP_POLICY_CONFIG,
                      DELETE,
                      TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                      Long.toString(recordBytesMax())));
      try {
        await("create topic " + topic, admin.createTopics(List.of(wanted)).all());
        created.put(topic, true);
      } catch (OperationException e) {
        if (!(e.getCause() instanceof TopicExistsException)) {
          throw e;
        }
        created.put(topic, false);
      }
    }
    all.forEach(this::awaitVisible);
    return created;
  }

  /**
   * Creates the topic of a pending store, unless it is there; else the application does so itself.
   *
   * @param replicas of the topic; -1 takes the broker's default
   * @param settings of the topic, beside its being compacted
   */
  public void createChangelog(
      String topic, int partitions, int replicas, Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT);
    NewTopic wanted =
        new NewTopic(
                topic,
                Optional.of(partitions),
                replicas < 1 ? Optional.empty() : Optional.of((short) replicas))
            .configs(all);
    try {
      await("create topic " + topic, admin.createTopics(List.of(wanted)).all());
    } catch (OperationException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw e;
      }
    }
    awaitVisible(topic);
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
        throw new OperationException("interrupted while waiting for topic " + topic, e);
      }
    }
    throw new OperationException(
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
    for (String topic : named()) {
      if (partitions(topic).isEmpty()) {
        problems.add("topic %s does not exist; run `millrace topics create`".formatted(topic));
      } else {
        existing.add(topic);
      }
    }
    Map<TopicSelection, Set<String>> matches = matches();
    matches.forEach((input, topics) -> {
      if (topics.isEmpty()) {
        problems.add(
            "no topic matches the pattern \"%s\" of an input; create the first, or mend the pattern"
                .formatted(input));
      }
    });
    checkOverlap(matches, problems);
    for (TopicSelection input : inputs) {
      for (String changelog : changelogs.values()) {
        if (input.contains(changelog)) {
          problems.add(
              ("the pattern \"%s\" of an input matches topic %s, which the application keeps for"
                      + " itself")
                  .formatted(input, changelog));
        }
      }
    }
    Map<TopicSelection, String> kept = new LinkedHashMap<>(changelogs);
    kept.values().removeIf(topic -> partitions(topic).isEmpty());
    existing.addAll(kept.values());
    Map<String, Map<String, String>> settings = settings(existing);
    for (String topic : outputs) {
      checkSize(topic, settings, problems);
      checkValue(topic, TopicConfig.CLEANUP_POLICY_CONFIG, DELETE, settings, problems);
    }
    kept.forEach((input, changelog) -> {
      checkSize(changelog, settings, problems);
      checkValue(changelog, TopicConfig.CLEANUP_POLICY_CONFIG, "compact", settings, problems);
      checkPartitions(matches.getOrDefault(input, Set.of(input.toString())), changelog, problems);
    });
    return problems;
  }

  /** What an operator should know of the topics that does not stop the application. */
  public List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    for (Input input : Input.all(config)) {
      TopicSelection documents = input.topics().documents();
      List<String> outcomes = input.topics().outputs().all();
      Set<String> topics = topics(documents);
      for (String topic : topics) {
        warnings.addAll(
            TopicRetention.warnings(
                topic,
                outcomes,
                config.get(TopicKeys.TIMESTAMP),
                settingsOfExisting(topic, outcomes)));
      }
      // An outcome that is as old as its writing is taken everywhere.
      boolean old = config.get(TopicKeys.TIMESTAMP) == OutcomeTimestamp.DOCUMENT;
      List<String> others = new ArrayList<>(old ? outcomes : List.of());
      String changelog = changelogs.get(documents);
      if (changelog != null) {
        others.add(changelog);
      }
      for (String topic : topics) {
        warnings.addAll(TopicTimestamps.warnings(topic, others, settingsOfExisting(topic, others)));
        warnAboutSize(topic, warnings);
      }
    }
    return warnings;
  }

  /** A record that is too large to be stored is a dead letter that holds a part of it. */
  private void warnAboutSize(String input, List<String> warnings) {
    String text =
        settingsOfExisting(List.of(input))
            .getOrDefault(input, Map.of())
            .get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
    if (text != null && Long.parseLong(text) > recordBytesMax()) {
      warnings.add(
          String.format(
              Locale.ROOT,
              "topic %s takes records of %s bytes, topics.record.bytes.max is %d: a larger document"
                  + " becomes a dead letter without the end of its bytes; raise"
                  + " topics.record.bytes.max, and max.message.bytes of the other topics",
              input,
              text,
              recordBytesMax()));
    }
  }

  /** What the application writes to. */
  private List<String> written() {
    List<String> topics = new ArrayList<>(outputs);
    topics.addAll(changelogs.values());
    return topics;
  }

  /** The timestamps that changelogs and outputs take; without those that do not exist. */
  public Map<String, TimestampRange> timestampRanges() {
    List<String> topics = written();
    Map<String, Map<String, String>> settings = settingsOfExisting(topics);
    Map<String, TimestampRange> ranges = new LinkedHashMap<>();
    for (String topic : topics) {
      Map<String, String> found = settings.get(topic);
      if (found != null) {
        ranges.put(topic, TopicTimestamps.range(found));
      }
    }
    return ranges;
  }

  /** The largest records that changelogs and outputs take; without those that do not exist. */
  public Map<String, Long> recordSizes() {
    List<String> topics = written();
    Map<String, Map<String, String>> settings = settingsOfExisting(topics);
    Map<String, Long> sizes = new LinkedHashMap<>();
    for (String topic : topics) {
      String text =
          settings.getOrDefault(topic, Map.of()).get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
      if (text != null) {
        sizes.put(topic, Long.parseLong(text));
      }
    }
    return sizes;
  }

  private Map<String, Map<String, String>> settingsOfExisting(String first, List<String> others) {
    List<String> topics = new ArrayList<>(others);
    topics.add(first);
    return settingsOfExisting(topics);
  }

  private Map<String, Map<String, String>> settingsOfExisting(List<String> topics) {
    return settings(topics.stream().filter(topic -> partitions(topic).isPresent()).toList());
  }

  /** The topics that have names: inputs first. */
  private List<String> named() {
    List<String> all = new ArrayList<>();
    inputs.forEach(input -> input.name().ifPresent(all::add));
    all.addAll(outputs);
    return all;
  }

  /** The existing topics of each input that is a pattern. */
  private Map<TopicSelection, Set<String>> matches() {
    Map<TopicSelection, Set<String>> matches = new LinkedHashMap<>();
    for (TopicSelection input : inputs) {
      if (input.name().isEmpty()) {
        matches.put(input, topics(input));
      }
    }
    return matches;
  }

  private Set<String> topics(TopicSelection selection) {
    return selection
        .name()
        .map(Set::of)
        .orElseGet(() -> {
          Set<String> topics = new TreeSet<>(await("list the topics", admin.listTopics().names()));
          topics.removeIf(topic -> !selection.contains(topic));
          return topics;
        });
  }

  /** Kafka Streams would refuse a topic of two inputs, later and in other words. */
  private static void checkOverlap(
      Map<TopicSelection, Set<String>> matches, List<String> problems) {
    Map<String, TopicSelection> taken = new HashMap<>();
    matches.forEach((input, topics) -> {
      for (String topic : topics) {
        TopicSelection other = taken.putIfAbsent(topic, input);
        if (other != null) {
          problems.add(
              "topic %s matches the patterns of two inputs, \"%s\" and \"%s\": make them differ"
                  .formatted(topic, other, input));
        }
      }
    });
  }

  /** Of several topics, the one with the most partitions counts. */
  private void checkPartitions(Set<String> topics, String changelog, List<String> problems) {
    Map<String, Integer> counts = new TreeMap<>();
    topics.forEach(topic -> counts.put(topic, partitions(topic).orElse(0)));
    String documents =
        counts.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .map(Map.Entry::getKey)
            .orElse("");
    int input = counts.getOrDefault(documents, 0);
    int stored = partitions(changelog).orElse(0);
    // More are no problem: the changelog gets as many, and what is pending stays where it is.
    if (input != 0 && input < stored) {
      problems.add(
          String.format(
              Locale.ROOT,
              ("topic %1$s has %2$d partitions, but had %3$d when the application last ran, as"
                  + " topic"
                  + " %4$s says: what is pending of the others could not be finished. Add"
                  + " partitions"
                  + " (`kafka-topics.sh --alter --topic %1$s --partitions %3$d`), or choose another"
                  + " app.id, which begins from the start"),
              documents,
              input,
              stored,
              changelog));
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
    } catch (OperationException e) {
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
    int configured = config.get(TopicKeys.REPLICATION_FACTOR);
    return configured < 1 ? Optional.empty() : Optional.of((short) configured);
  }

  private long recordBytesMax() {
    return config.get(TopicKeys.RECORD_BYTES_MAX);
  }

  private <T> T await(String doing, KafkaFuture<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperationException("interrupted: cannot " + doing, e);
    } catch (ExecutionException e) {
      Throwable cause = Answers.cause(e);
      if (cause instanceof TimeoutException) {
        throw new OperationException(
            "cannot %s: no broker answers at %s; start it, or set kafka.bootstrap.servers"
                .formatted(doing, String.join(",", config.get(KafkaKeys.BOOTSTRAP_SERVERS))),
            cause);
      }
      throw Answers.failed(doing, e);
    }
  }

  @Override
  public void close() {
    admin.close();
  }
}
