package dev.millrace.flink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.records.SourcePosition;
import dev.millrace.servers.LocalBroker;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job on a cluster in this process, against a real broker. */
class EnrichmentJobIT {
  private static final int DOCUMENTS = 3_000;

  @TempDir private Path directory;

  private record Outcome(String topic, SourcePosition from, String value) {}

  /** Two failures at their worst: documents in work, outcomes written and not committed. */
  @Test
  void shouldGiveEachDocumentOneOutcomeThoughTheJobFails() throws Exception {
    try (LocalBroker broker = LocalBroker.start()) {
      JobConfig job = config(broker.bootstrapServers());
      createTopics(job.parse());
      Set<SourcePosition> produced = produce(job.parse());
      ScriptedParts.reset(900, 2_000);

      run(job);

      List<Outcome> outcomes = read(job.parse());
      assertThat(ScriptedParts.failures()).as("failures of the job").isEqualTo(2);
      // Both failures may fall to one engine: subtasks work on until the first has ended the job.
      assertThat(ScriptedParts.opened()).as("a lost engine is replaced").isBetween(2, 3);
      assertThat(Soon.holds(() -> ScriptedParts.open() == 0)).as("and closed at the end").isTrue();
      assertThat(outcomes).extracting(Outcome::from).doesNotHaveDuplicates();
      assertThat(outcomes.stream().map(Outcome::from))
          .containsExactlyInAnyOrderElementsOf(produced);
      assertThat(outcomes)
          .allSatisfy(outcome -> {
            String topic =
                outcome.value().contains("reject")
                    ? "dead"
                    : outcome.value().contains("quarantine") ? "quarantined" : "enriched";
            assertThat(outcome.topic()).isEqualTo(topic);
          })
          .extracting(Outcome::topic)
          .contains("dead", "quarantined", "enriched");
    }
  }

  /** Each of them ended the job at its checkpoint, and at each one after that. */
  @Test
  void shouldNotFailForEverOverWhatATopicDoesNotTake() throws Exception {
    try (LocalBroker broker = LocalBroker.start()) {
      JobConfig job = config(broker.bootstrapServers(), "topics.timestamp: document\n");
      createTopics(
          job.parse(),
          Map.of("message.timestamp.before.max.ms", "3600000", "max.message.bytes", "4000"));
      ScriptedParts.reset(Integer.MAX_VALUE, Integer.MAX_VALUE);
      long old = System.currentTimeMillis() - Duration.ofDays(10).toMillis();
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(KafkaClientProperties.producer(job.parse()))) {
        producer.send(new ProducerRecord<>("documents", 0, old, null, bytes("text of old"))).get();
        String large = "text " + "x".repeat(6_000);
        producer.send(new ProducerRecord<>("documents", 1, null, null, bytes(large))).get();
      }

      run(job);

      assertThat(read(job.parse()))
          .extracting(outcome -> outcome.from().partition() + " " + outcome.topic())
          .containsExactlyInAnyOrder("0 enriched", "1 dead");
    }
  }

  private void run(JobConfig job) throws Exception {
    Configuration cluster = new Configuration();
    cluster.setString("restart-strategy.type", "fixed-delay");
    cluster.setString("restart-strategy.fixed-delay.attempts", "5");
    cluster.setString("restart-strategy.fixed-delay.delay", "200ms");
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(2, cluster);
    try {
      new EnrichmentJob(job, ScriptedParts::new).addTo(environment);
      environment.execute("it");
    } finally {
      environment.close();
    }
  }

  private JobConfig config(String brokers) throws IOException {
    return config(brokers, "");
  }

  private JobConfig config(String brokers, String more) throws IOException {
    Path file = directory.resolve("millrace.yaml");
    Files.writeString(
        file,
        """
        kafka.bootstrap.servers: %s
        schema.registry.url: http://r:9
        model.dir: nowhere
        topics.documents: documents
        topics.enriched: enriched
        topics.quarantined: quarantined
        topics.dead.letter: dead
        documents.format: text
        processing.backoff.min: 5ms
        processing.order: key
        app.id: the-streams-application-reads-the-same-file
        flink.bounded: true
        flink.checkpoint.interval: 300ms
        flink.checkpoint.dir: %s
        flink.transaction.timeout: 60s
        flink.capacity: 100
        %s\
        """
            .formatted(brokers, directory.resolve("checkpoints").toUri(), more));
    return JobConfig.read(file, Map.of());
  }

  private static void createTopics(Config config) throws Exception {
    createTopics(config, Map.of());
  }

  private static void createTopics(Config config, Map<String, String> enriched) throws Exception {
    try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
      List<NewTopic> topics = new ArrayList<>();
      for (String topic : List.of("documents", "enriched", "quarantined", "dead")) {
        NewTopic created = new NewTopic(topic, Optional.of(4), Optional.empty());
        topics.add(topic.equals("enriched") ? created.configs(enriched) : created);
      }
      admin.createTopics(topics).all().get();
    }
  }

  private static Set<SourcePosition> produce(Config config) throws Exception {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(KafkaClientProperties.producer(config))) {
      for (int i = 0; i < DOCUMENTS; i++) {
        String text = i % 50 == 7 ? "reject" : i % 50 == 9 ? "quarantine" : "text";
        sent.add(
            producer.send(
                new ProducerRecord<>("documents", bytes("k" + i % 97), bytes(text + " " + i))));
      }
    }
    Set<SourcePosition> positions = new HashSet<>();
    for (Future<RecordMetadata> each : sent) {
      RecordMetadata at = each.get();
      positions.add(new SourcePosition(at.topic(), at.partition(), at.offset()));
    }
    return positions;
  }

  private static List<Outcome> read(Config config) {
    List<Outcome> outcomes = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(KafkaClientProperties.consumer(config))) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (String topic : List.of("enriched", "quarantined", "dead")) {
        consumer
            .partitionsFor(topic)
            .forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
      }
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          outcomes.add(
              new Outcome(
                  record.topic(),
                  new SourcePosition(
                      header(record, RecordHeaderNames.SOURCE_TOPIC),
                      Integer.parseInt(header(record, RecordHeaderNames.SOURCE_PARTITION)),
                      Long.parseLong(header(record, RecordHeaderNames.SOURCE_OFFSET))),
                  new String(record.value(), StandardCharsets.UTF_8)));
        }
      }
    }
    return outcomes;
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
