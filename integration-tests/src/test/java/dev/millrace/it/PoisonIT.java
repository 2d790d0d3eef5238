package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.millrace.faults.ChildNode;
import dev.millrace.faults.DocumentLoad;
import dev.millrace.faults.OutcomeChecker;
import dev.millrace.faults.OutcomeWatcher;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.records.SourcePosition;
import dev.millrace.servers.LocalBroker;
import dev.millrace.streams.config.ApplicationSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A document that ends the real application's process whenever it is enriched: after some restarts
 * it is a dead letter, and every other document is enriched.
 */
class PoisonIT {
  @TempDir private Path directory;

  /**
   * A crash is found by halves: one with all, then with 64, 32, and so on to one, which is alone.
   * An end without a trace takes two more to be suspected, and two more alone.
   */
  @ParameterizedTest
  @CsvSource({
    "crash, 256, 100, 10",
    "exhaust, 24, 17, 7",
    "vanish, 24, 17, 11",
  })
  void shouldRejectTheDocumentThatEndsTheProcessAndEnrichAllOthers(
      String how, int documents, int poison, int endsMax) throws Exception {
    assumeThat(how.equals("crash") || Boolean.getBoolean("millrace.full"))
        .as("SKIPPED: other ways to end, each takes most of a minute; -Pfull")
        .isTrue();
    try (LocalBroker broker = LocalBroker.start()) {
      Path file =
          StreamHarness.config(
              directory,
              broker.bootstrapServers(),
              "http://127.0.0.1:9",
              Map.of("documents.format", "text", "topics.partitions", "1"));
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      Set<SourcePosition> acknowledged =
          DocumentLoad.produce(
              config,
              documents,
              documents,
              number -> (number == poison ? how + " " : "text ") + number);

      int ends = 0;
      try (OutcomeWatcher watcher =
              new OutcomeWatcher(config, List.of("enriched-documents", "dead-letter-documents"));
          ChildNode node = ChildNode.start(directory, "app", file, 5, 50, 20261121)) {
        boolean all = false;
        while (!all) {
          try {
            watcher.await(documents, StreamHarness.PATIENCE, node::isAlive);
            all = true;
          } catch (IllegalStateException e) {
            assertThat(node.isAlive()).as("%s, log: %s", e, Files.readString(node.log())).isFalse();
            ends++;
            assertThat(ends).as(Files.readString(node.log())).isLessThanOrEqualTo(endsMax);
            node.restart();
          }
        }
        assertThat(node.stop(StreamHarness.PATIENCE)).isTrue();
        assertThat(Files.readString(node.log())).contains("it is enriched with nothing beside it");
      }

      OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, false).check();
      assertThat(verdict.problems()).isEmpty();
      assertThat(verdict.outcomes()).isEqualTo(documents);
      assertThat(deadLetters(config)).containsExactly("PROCESS_ENDED of " + poison);
    }
  }

  static List<String> deadLetters(Config config) {
    List<String> found = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(KafkaClientProperties.consumer(config))) {
      List<TopicPartition> partitions =
          consumer.partitionsFor("dead-letter-documents").stream()
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream()
          .anyMatch(at -> consumer.position(at) < ends.getOrDefault(at, 0L))) {
        consumer
            .poll(Duration.ofMillis(200))
            .forEach(record ->
                found.add(
                    header(record, RecordHeaderNames.REASON)
                        + " of "
                        + header(record, RecordHeaderNames.SOURCE_OFFSET)));
      }
    }
    return found;
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }
}
