package dev.millrace.streams.topics;

import dev.millrace.operations.Answers;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.cluster.Cluster;
import dev.millrace.operations.cluster.GroupOffsets;
import dev.millrace.operations.cluster.PartitionEnds;
import dev.millrace.operations.cluster.PartitionEnds.Partition;
import dev.millrace.operations.cluster.TopicState;
import dev.millrace.operations.cluster.TopicWatch;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.operations.deploy.TopicDeployment;
import dev.millrace.streams.config.AppKeys;
import dev.millrace.streams.config.GroupProtocol;
import dev.millrace.streams.processor.TakenMark;
import dev.millrace.streams.topology.ApplicationTopics;
import dev.millrace.streams.topology.StreamsSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Uuid;

/**
 * What group and changelogs say about earlier runs of the application: compared with the topics
 * before a start, and made to agree with them when an operator says so. Used by one thread.
 */
public final class TopicHistory {
  /** As long as a busy broker may take: an application that gives up at its start helps nobody. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Config config;
  private final Cluster cluster;
  private final String group;
  private final boolean streamsProtocol;
  private final TopicWatch.Questions questions;

  /**
   * @param cluster borrowed
   */
  public TopicHistory(Config config, Cluster cluster) {
    this.config = config;
    this.cluster = cluster;
    this.group = config.get(AppKeys.ID);
    this.streamsProtocol = config.get(AppKeys.GROUP_PROTOCOL) == GroupProtocol.STREAMS;
    this.questions = cluster.topicQuestions(group, streamsProtocol);
  }

  /**
   * Makes sure that the application may go on where it was, as far as that can be told without its
   * pending stores, and that each changelog has as many partitions as its input.
   *
   * @throws OperationException if it may not; says what to do
   */
  public void check() throws InterruptedException {
    for (Input input : Input.all(config)) {
      check(input);
    }
  }

  private void check(Input input) throws InterruptedException {
    TopicSelection selection = input.topics().documents();
    String changelog = ApplicationTopics.changelog(config, input);
    Map<String, TopicState> found = topics(selection, TopicSelection.named(changelog));
    TopicState stored = found.remove(changelog);
    if (stored != null && stored.partitions() < partitions(found)) {
      questions.addPartitions(changelog, partitions(found), PATIENCE);
    }
    PartitionEnds ends = cluster.ends(List.of(TopicSelection.named(changelog)), PATIENCE);
    boolean empty =
        ends.silent().isEmpty() && ends.known().values().stream().allMatch(each -> each.end() == 0);
    for (Map.Entry<String, TopicState> each : found.entrySet()) {
      String topic = each.getKey();
      GroupOffsets offsets = cluster.offsets(group, topic, each.getValue().partitions(), PATIENCE);
      if (offsets.ofStreams() && empty) {
        throw new OperationException(
            ("topic %s, which holds the pending documents, was deleted: group %s has committed"
                    + " offsets, but %s. Documents that had no outcome when it was deleted are lost"
                    + " to the application, though not to topic %s. To go on behind them, run"
                    + " `millrace topics accept --config FILE`; to enrich all documents again,"
                    + " choose another app.id")
                .formatted(
                    changelog,
                    group,
                    stored == null ? "the topic is not there" : "the topic is empty",
                    topic));
      }
      // No version without marks reads patterns, whose topics are new where they have no offsets.
      if (selection.name().isPresent()) {
        checkBegin(topic, changelog, offsets, ends);
      }
    }
  }

  private Map<String, TopicState> topics(TopicSelection... topics) throws InterruptedException {
    return new TreeMap<>(questions.topics(List.of(topics), PATIENCE));
  }

  /** Those of the topic with the most. */
  private static int partitions(Map<String, TopicState> topics) {
    return topics.values().stream().mapToInt(TopicState::partitions).max().orElse(0);
  }

  /** Versions without marks cannot tell what they took once the offsets are gone. */
  private void checkBegin(
      String topic, String changelog, GroupOffsets offsets, PartitionEnds ends) {
    List<Integer> unknown =
        offsets.missing().stream()
            .filter(number -> {
              PartitionEnds.Ends found = ends.known().get(new Partition(changelog, number));
              return found != null && found.end() > 0;
            })
            .toList();
    if (unknown.isEmpty()) {
      return;
    }
    PendingTopic before = PendingTopic.read(config, changelog, unknown);
    for (int number : unknown) {
      if (before.used().contains(number)
          && !before.marks().containsKey(new TakenMark.Partition(topic, number))) {
        throw new OperationException(
            String.format(
                Locale.ROOT,
                "group %1$s has no committed offset for partition %3$d of topic %2$s, but the"
                    + " application has run, as topic %4$s says: the offset expired or was deleted,"
                    + " and all documents would be enriched again. To go on, set it behind the"
                    + " highest millrace.source.offset of that partition in the output topics"
                    + " (`kafka-consumer-groups.sh --group %1$s --topic %2$s:%3$d --reset-offsets"
                    + " --to-offset N --execute`); to enrich all documents again, choose another"
                    + " app.id",
                group,
                topic,
                number,
                changelog));
      }
    }
  }

  /**
   * Takes the topics as they are now for the right ones: an input that was made again is read from
   * its beginning, outputs and changelogs are used as they are. What was not made again goes on
   * where it was.
   *
   * @return what was done, one line each
   * @throws OperationException if an instance runs, a topic is missing, or documents of a topic
   *     that was made again are pending
   */
  public List<String> accept() throws InterruptedException {
    if (!cluster.members(group, streamsProtocol, PATIENCE).isEmpty()) {
      throw new OperationException(
          ("group %s has members: stop all instances first; one that was killed counts until"
                  + " app.session.timeout (%s) is over")
              .formatted(group, config.get(AppKeys.SESSION_TIMEOUT)));
    }
    List<String> done = new ArrayList<>();
    for (Input input : Input.all(config)) {
      accept(input, done);
    }
    return done;
  }

  private void accept(Input input, List<String> done) throws InterruptedException {
    TopicSelection selection = input.topics().documents();
    Map<String, TopicState> documents = topics(selection);
    if (documents.isEmpty()) {
      throw new OperationException(
          "topic %s does not exist; run `millrace topics create`".formatted(selection));
    }
    Map<String, Uuid> ids = new TreeMap<>();
    for (String name : input.topics().outputs().all()) {
      TopicState output = topics(TopicSelection.named(name)).get(name);
      if (output == null) {
        throw new OperationException(
            "topic %s does not exist; run `millrace topics create`".formatted(name));
      }
      ids.put(name, output.id());
    }
    String changelog = ApplicationTopics.changelog(config, input);
    int partitions = partitions(documents);
    ids.put(changelog, changelog(changelog, partitions).id());

    List<Integer> numbers = IntStream.range(0, partitions).boxed().toList();
    PendingTopic before = PendingTopic.read(config, changelog, numbers);
    Map<String, Uuid> all = new TreeMap<>(ids);
    documents.forEach((name, state) -> all.put(name, state.id()));
    Set<String> others = others(before, all);
    for (String topic : documents.keySet()) {
      checkPending(topic, others.contains(topic), before);
    }
    boolean ofStreams = false;
    List<Future<RecordMetadata>> written = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(KafkaClientProperties.producer(config))) {
      for (Map.Entry<String, TopicState> each : documents.entrySet()) {
        String topic = each.getKey();
        boolean again = others.contains(topic);
        int count = each.getValue().partitions();
        if (again) {
          cluster.deleteOffsets(group, topic, count, streamsProtocol, PATIENCE);
        }
        GroupOffsets offsets = cluster.offsets(group, topic, count, PATIENCE);
        ofStreams |= offsets.ofStreams();
        Map<String, Uuid> own = new TreeMap<>(ids);
        own.put(topic, each.getValue().id());
        for (int number = 0; number < count; number++) {
          TakenMark.Partition partition = new TakenMark.Partition(topic, number);
          TakenMark mark = before.marks().get(partition);
          TakenMark now =
              again || mark == null
                  ? new TakenMark(again ? 0 : offsets.of(number), TakenMark.UNKNOWN_EPOCH, own)
                  : new TakenMark(mark.next(), mark.epoch(), own);
          written.add(
              producer.send(
                  new ProducerRecord<>(changelog, number, TakenMark.key(partition), now.bytes())));
        }
      }
    }
    for (Future<RecordMetadata> each : written) {
      try {
        each.get();
      } catch (ExecutionException e) {
        throw Answers.failed("write to topic " + changelog, e);
      }
    }
    for (String name : others) {
      done.add(
          documents.containsKey(name)
              ? name + " was made again: it is read from its beginning"
              : name + " was made again: it is used as it is");
    }
    if (others.isEmpty()) {
      done.add(selection + " goes on where it was");
    }
    if (others.contains(changelog) || (before.marks().isEmpty() && ofStreams)) {
      // Kafka Streams takes a copy that is longer than its changelog for complete.
      done.add(
          ("the state directories belong to the former %s: delete %s of every instance before the"
                  + " start")
              .formatted(changelog, config.path(AppKeys.STATE_DIR)));
    }
  }

  /** Topics whose ids are others than those that were remembered. */
  private static Set<String> others(PendingTopic before, Map<String, Uuid> now) {
    Set<String> others = new LinkedHashSet<>();
    for (TakenMark mark : before.marks().values()) {
      mark.topics()
          .forEach((name, id) -> {
            Uuid present = now.get(name);
            if (present != null && !present.equals(id)) {
              others.add(name);
            }
          });
    }
    return others;
  }

  private static void checkPending(String topic, boolean again, PendingTopic before) {
    if (again && before.pending() > 0) {
      throw new OperationException(
          String.format(
              Locale.ROOT,
              "%d documents of the former topic %s are pending: start the application, which"
                  + " finishes them, takes nothing from the new one and ends by itself; then come"
                  + " back",
              before.pending(),
              topic));
    }
  }

  /** The changelog, made and grown if need be. */
  private TopicState changelog(String changelog, int partitions) throws InterruptedException {
    try (TopicDeployment topics = ApplicationTopics.deployment(config)) {
      topics.createChangelog(
          changelog,
          partitions,
          config.get(AppKeys.REPLICATION_FACTOR),
          StreamsSettings.changelogTopic(config));
    }
    TopicState stored = state(topics(TopicSelection.named(changelog)), changelog);
    if (stored.partitions() < partitions) {
      questions.addPartitions(changelog, partitions, PATIENCE);
    }
    return stored;
  }

  private static TopicState state(Map<String, TopicState> found, String name) {
    TopicState state = found.get(name);
    if (state == null) {
      throw new OperationException("topic %s was created, but is not there".formatted(name));
    }
    return state;
  }
}
