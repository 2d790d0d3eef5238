package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.faults.ChildNode;
import dev.millrace.faults.DocumentLoad;
import dev.millrace.faults.OutcomeChecker;
import dev.millrace.faults.OutcomeWatcher;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.records.SourcePosition;
import dev.millrace.servers.LocalBroker;
import dev.millrace.streams.config.ApplicationSpec;
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
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One application with two inputs that differ in format, plan and output topics, the second of them
 * a pattern that a further topic comes to match, killed at its work: each document has exactly one
 * outcome, on its own topics and by its own plan.
 */
class SeveralInputsIT {
  private static final int NOTES = 1200;
  private static final int LETTERS = 1200;
  private static final int LATE = 400;
  private static final String HEADER = "x-plan";

  @TempDir private Path directory;

  @Test
  void shouldEnrichTwoInputsExactlyOnceEachByItsOwnPlan() throws IOException {
    try (LocalBroker broker = LocalBroker.start()) {
      Path file =
          StreamHarness.config(
              directory,
              broker.bootstrapServers(),
              "http://r:9",
              Map.of("kafka.client.metadata.max.age.ms", "1000"));
      Files.writeString(
          file,
          """

          plans:
            brief: brief.yaml
            formal: formal.yaml
          inputs:
            - topic: notes
              format: text
              plan: brief
              enriched: enriched-notes
              dead.letter: dead-notes
            - pattern: letters-[a-z]+
              name: post
              format: json
              plan.by: header
              plan.header: x-plan
              enriched: enriched-letters
              dead.letter: dead-letters
          """,
          java.nio.file.StandardOpenOption.APPEND);
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      createTopic(config, "letters-first", 2);
      createTopic(config, "letters-second", 4);
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      Set<SourcePosition> notes =
          DocumentLoad.produceRecords(
              config, NOTES, number -> record("notes", number, note(number)));
      Set<SourcePosition> letters =
          new HashSet<>(
              DocumentLoad.produceRecords(
                  config,
                  LETTERS - LATE,
                  number -> letter(number % 3 == 0 ? "letters-first" : "letters-second", number)));
      List<String> outputs = Input.outputs(config);
      assertThat(outputs)
          .containsExactly(
              "enriched-notes",
              "quarantined-documents",
              "dead-notes",
              "enriched-letters",
              "dead-letters");

      try (OutcomeWatcher watcher = new OutcomeWatcher(config, outputs);
          ChildNode node = ChildNode.start(directory, "app", file, 5, 50, 20261130)) {
        watcher.await((NOTES + LETTERS) / 4, StreamHarness.PATIENCE, node::isAlive);
        node.kill();
        node.restart();
        watcher.await((NOTES + LETTERS) / 2, StreamHarness.PATIENCE, node::isAlive);
        // More partitions than any before: the changelog gets as many.
        createTopic(config, "letters-late", 6);
        letters.addAll(
            DocumentLoad.produceRecords(
                config, LATE, number -> letter("letters-late", LETTERS - LATE + number)));
        watcher.await(NOTES + LETTERS, StreamHarness.PATIENCE, node::isAlive);
        assertThat(node.stop(StreamHarness.PATIENCE))
            .as("stopped in good order, log: %s", Files.readString(node.log()))
            .isTrue();
        assertThat(Files.readString(node.log())).contains("left pending by an earlier run");
      }

      judge(config, "notes", notes, NOTES);
      judge(config, "post", letters, LETTERS);
      List<ConsumerRecord<byte[], byte[]>> dead = read(config, "dead-letters");
      assertThat(dead).hasSize(LETTERS / 100);
      for (ConsumerRecord<byte[], byte[]> record : dead) {
        assertThat(text(record.headers().lastHeader("millrace.reason").value()))
            .isEqualTo("UNKNOWN_PLAN");
      }
      assertThat(read(config, "enriched-notes"))
          .isNotEmpty()
          .allSatisfy(record -> assertThat(text(record.value())).startsWith("brief: summary of"));
      assertThat(read(config, "enriched-letters"))
          .isNotEmpty()
          .allSatisfy(record -> {
            Header plan = record.headers().lastHeader(HEADER);
            String expected =
                plan == null ? "summary of l-" : text(plan.value()) + ": summary of l-";
            assertThat(text(record.value())).startsWith(expected);
          });
      StreamHarness.succeed("topics", "check", "--config", file.toString());
    }
  }

  private static void createTopic(Config config, String topic, int partitions) {
    try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
      admin
          .createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty())))
          .all()
          .toCompletionStage()
          .toCompletableFuture()
          .join();
    }
  }

  private static void judge(
      Config config, String name, Set<SourcePosition> acknowledged, int count) {
    OutcomeChecker.Verdict verdict =
        new OutcomeChecker(config, Input.of(config, name), acknowledged, false).check();
    assertThat(verdict.problems()).as(name).isEmpty();
    assertThat(verdict.outcomes()).as(name).isEqualTo(count);
  }

  private static String note(int number) {
    return (number % 50 == 7 ? "reject " : number % 50 == 9 ? "quarantine " : "text ") + number;
  }

  private static ProducerRecord<byte[], byte[]> record(String topic, int number, String value) {
    return new ProducerRecord<>(topic, bytes("d-" + number), bytes(value));
  }

  /** Of a hundred letters one names a plan that there is not, some one of two, some none. */
  private static ProducerRecord<byte[], byte[]> letter(String topic, int number) {
    ProducerRecord<byte[], byte[]> record =
        record(topic, number, "{\"id\":\"l-" + number + "\",\"text\":\"letter " + number + "\"}");
    if (number % 100 == 99) {
      record.headers().add(HEADER, bytes("nobody's"));
    } else if (number % 3 > 0) {
      record.headers().add(HEADER, bytes(number % 3 == 1 ? "brief" : "formal"));
    }
    return record;
  }

  /** All committed records of a topic. */
  static List<ConsumerRecord<byte[], byte[]>> read(Config config, String topic) {
    List<ConsumerRecord<byte[], byte[]>> read = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(KafkaClientProperties.consumer(config))) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        consumer.poll(Duration.ofMillis(200)).forEach(read::add);
      }
    }
    return read;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
