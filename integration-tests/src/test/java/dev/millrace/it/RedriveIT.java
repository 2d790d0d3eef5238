package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.RejectReason;
import dev.millrace.faults.ChildNode;
import dev.millrace.faults.DocumentLoad;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.operations.deadletter.Redrive;
import dev.millrace.records.AvroOutcomes;
import dev.millrace.records.DeadLetter;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.records.SourcePosition;
import dev.millrace.servers.LocalBroker;
import dev.millrace.streams.config.ApplicationSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each dead letter is copied once, whatever happens to those who copy it. */
class RedriveIT {
  private static final int KILLS = 6;
  private static final int PARTITIONS = 2;
  private static final AvroOutcomes ENCODER = new AvroOutcomes(OddRecordsTest.SCHEMA_IDS, "test");

  private static LocalBroker broker;

  @TempDir private Path directory;

  @BeforeAll
  static void start() {
    broker = LocalBroker.start();
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  /** An application of its own for each test. */
  private Config application(String id) throws IOException {
    Path file =
        StreamHarness.config(
            directory,
            broker.bootstrapServers(),
            "http://127.0.0.1:9",
            Map.of(
                "app.id",
                id,
                "topics.documents",
                id + "-documents",
                "topics.dead.letter",
                id + "-dead",
                "topics.partitions",
                Integer.toString(PARTITIONS)));
    StreamHarness.succeed("topics", "create", "--config", file.toString());
    return ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
  }

  private ChildNode child(String name) {
    return ChildNode.start(
        directory,
        name,
        List.of("-XX:TieredStopAtLevel=1"),
        RedriveNode.class,
        List.of(directory.resolve("millrace.yaml").toString()));
  }

  @Test
  void shouldCopyEachDeadLetterOnceWhenKilledAgainAndAgain() throws Exception {
    long seed = new Random().nextInt(1_000_000);
    Random random = new Random(seed);
    Config config = application("killed");
    int letters = 12_000;
    produce(config, letters, 0);

    try (ChildNode node = child("killed")) {
      for (int kill = 0; kill < KILLS; kill++) {
        if (kill > 0) {
          node.restart();
        }
        // Some transactions further than before, and then somewhere in one.
        awaitWritten(config, written(config) + 1 + random.nextInt(600), node);
        Thread.sleep(random.nextInt(30));
        node.kill();
      }
    }
    long before = committed(config).size();
    assertThat(before).as("in the middle of it, seed %d", seed).isBetween(1L, letters - 1L);
    Redrive.Result rest = RedriveNode.run(config, RedriveNode.REDRIVES_MAX);

    assertThat(rest.copied()).as("seed %d", seed).isEqualTo(letters - before);
    assertThat(copies(config))
        .as("seed %d", seed)
        .hasSize(letters)
        .allSatisfy((number, copies) -> assertThat(copies).as("letter %s", number).isEqualTo(1));
    ConsumerRecord<byte[], byte[]> one = committed(config).getFirst();
    int number = Integer.parseInt(header(one, "number"));
    assertThat(one.value()).isEqualTo(bytes("document " + number));
    assertThat(one.key()).isEqualTo(bytes("d-" + number));
    assertThat(header(one, RecordHeaderNames.REDRIVES)).isEqualTo("1");
  }

  @Test
  void shouldLetOneOfSeveralRunsAtOnceFinish() throws Exception {
    Config config = application("together");
    int letters = 4_000;
    produce(config, letters, 0);

    List<ChildNode> nodes = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        nodes.add(child("together-" + i));
      }
      int good = 0;
      for (ChildNode node : nodes) {
        good += node.await(StreamHarness.PATIENCE) ? 1 : 0;
        String log = Files.readString(node.log());
        assertThat(log.contains("Result[") || log.contains("another re-drive of application"))
            .as(log)
            .isTrue();
      }
      assertThat(good).as("runs that finished").isPositive();
    } finally {
      nodes.forEach(ChildNode::close);
    }

    assertThat(RedriveNode.run(config, RedriveNode.REDRIVES_MAX).copied()).isZero();
    assertThat(copies(config))
        .hasSize(letters)
        .allSatisfy((number, copies) -> assertThat(copies).as("letter %s", number).isEqualTo(1));
  }

  @Test
  void shouldRememberWhenTheClusterHasForgottenAllCommittedOffsets() throws Exception {
    Config config = application("forgotten");
    produce(config, 100, 0);
    assertThat(RedriveNode.run(config, RedriveNode.REDRIVES_MAX).copied()).isEqualTo(100);

    // As the broker does after offsets.retention.minutes.
    try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
      List<String> groups =
          admin.listGroups().all().get().stream().map(GroupListing::groupId).toList();
      admin.deleteConsumerGroups(groups).all().get();
    }
    produce(config, 50, 0);

    assertThat(RedriveNode.run(config, RedriveNode.REDRIVES_MAX).copied()).isEqualTo(50);
    assertThat(RedriveNode.run(config, RedriveNode.REDRIVES_MAX).copied()).isZero();
  }

  @Test
  void shouldBeginAnewWithATopicThatWasCreatedAnew() throws Exception {
    Config config = application("anew");
    produce(config, 100, 0);
    assertThat(RedriveNode.run(config, RedriveNode.REDRIVES_MAX).copied()).isEqualTo(100);

    try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
      admin.deleteTopics(List.of("anew-dead")).all().get();
    }
    String file = directory.resolve("millrace.yaml").toString();
    StreamHarness.succeed("topics", "create", "--config", file);
    produce(config, 30, 0);

    assertThat(RedriveNode.run(config, RedriveNode.REDRIVES_MAX).copied()).isEqualTo(30);
  }

  @Test
  void shouldEndTheWayRoundOfADocumentThatAlwaysFails() throws Exception {
    Config config = application("round");
    for (int redrives = 0; redrives < 4; redrives++) {
      produce(config, 10, redrives);
    }

    Redrive.Result two = RedriveNode.run(config, 2);
    assertThat(two.copied()).isEqualTo(20);
    assertThat(two.exhausted()).isEqualTo(20);
    assertThat(committed(config).stream().map(r -> header(r, RecordHeaderNames.REDRIVES)))
        .containsOnly("1", "2");

    Redrive.Result three = RedriveNode.run(config, 3);
    assertThat(three.copied()).as("those that were left").isEqualTo(10);
    assertThat(three.exhausted()).isEqualTo(10);
    assertThat(RedriveNode.run(config, 3).copied()).isZero();
  }

  @Test
  void shouldRefuseATopicOfProgressThatForgets() throws Exception {
    Config config = application("forgets");
    try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
      admin.createTopics(List.of(new NewTopic("forgets-redrives", 1, (short) 1))).all().get();
    }
    produce(config, 1, 0);

    assertThatThrownBy(() -> RedriveNode.run(config, RedriveNode.REDRIVES_MAX))
        .isInstanceOf(OperationException.class)
        .hasMessageContaining("topic forgets-redrives has cleanup.policy=delete, expected compact");
    assertThat(committed(config)).isEmpty();
  }

  /** Dead letters of documents that were re-driven {@code redrives} times before. */
  private static void produce(Config config, int count, int redrives) {
    String documents = config.get(TopicKeys.DOCUMENTS);
    String dead = config.get(TopicKeys.DEAD_LETTER);
    assertThat(
            DocumentLoad.produceRecords(
                config,
                count,
                number -> {
                  RecordHeaders headers = new RecordHeaders();
                  headers.add("number", bytes(Integer.toString(number)));
                  if (redrives > 0) {
                    headers.add(RecordHeaderNames.REDRIVES, bytes(Integer.toString(redrives)));
                  }
                  byte[] value = bytes("document " + number);
                  DeadLetter letter =
                      new DeadLetter(
                          number % 2 == 0 ? RejectReason.INVALID_ANSWER : RejectReason.DEADLINE,
                          "as made up",
                          new SourcePosition(documents, number % PARTITIONS, number),
                          number,
                          bytes("d-" + number),
                          headers,
                          value,
                          value.length,
                          "",
                          false,
                          1,
                          number);
                  return new ProducerRecord<>(
                      dead, bytes("d-" + number), ENCODER.deadLetter(letter));
                }))
        .hasSize(count);
  }

  private static Map<String, Integer> copies(Config config) {
    Map<String, Integer> copies = new TreeMap<>();
    committed(config).forEach(record -> copies.merge(header(record, "number"), 1, Integer::sum));
    return copies;
  }

  private static List<ConsumerRecord<byte[], byte[]>> committed(Config config) {
    return SeveralInputsIT.read(config, config.get(TopicKeys.DOCUMENTS));
  }

  /** Records of the input topic, also those of transactions that are open or came to nothing. */
  private static long written(Config config) throws Exception {
    try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
      return written(admin, config);
    }
  }

  private static long written(Admin admin, Config config) throws Exception {
    Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
    for (int p = 0; p < PARTITIONS; p++) {
      asked.put(new TopicPartition(config.get(TopicKeys.DOCUMENTS), p), OffsetSpec.latest());
    }
    return admin.listOffsets(asked).all().get().values().stream()
        .mapToLong(end -> end.offset())
        .sum();
  }

  /** Until then, or until the run has ended by itself, as it may on a machine that is too busy. */
  private static void awaitWritten(Config config, long target, ChildNode node) throws Exception {
    long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
    try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
      while (written(admin, config) < target && node.isAlive()) {
        assertThat(System.nanoTime())
            .as("log %s", Files.readString(node.log()))
            .isLessThan(deadline);
      }
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
