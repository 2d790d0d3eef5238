package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A document that ends the real application's process whenever it is enriched, as a fault in native
 * code would: after some restarts it is a dead letter, and every other document is enriched.
 */
class PoisonIT {
  private static final int DOCUMENTS = 60;
  private static final int POISON = 31;
  private static final int LIVES_MAX = 8;

  @TempDir private Path directory;

  @Test
  void shouldRejectTheDocumentThatEndsTheProcessAndEnrichAllOthers() throws Exception {
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
              DOCUMENTS,
              DOCUMENTS,
              number -> (number == POISON ? "crash " : "text ") + number);

      int ends = 0;
      try (OutcomeWatcher watcher =
              new OutcomeWatcher(config, List.of("enriched-documents", "dead-letter-documents"));
          ChildNode node = ChildNode.start(directory, "app", file, 5, 50, 20261121)) {
        boolean all = false;
        while (!all) {
          try {
            watcher.await(DOCUMENTS, StreamHarness.PATIENCE, node::isAlive);
            all = true;
          } catch (IllegalStateException e) {
            assertThat(node.isAlive()).as("%s, log: %s", e, Files.readString(node.log())).isFalse();
            ends++;
            assertThat(ends).as(Files.readString(node.log())).isLessThan(LIVES_MAX);
            node.restart();
          }
        }
        assertThat(node.stop(StreamHarness.PATIENCE)).isTrue();
        assertThat(Files.readString(node.log())).contains("it is enriched with nothing beside it");
      }

      assertThat(ends)
          .as("twice together, once alone, and once more if never committed before")
          .isBetween(3, 4);
      OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, false).check();
      assertThat(verdict.problems()).isEmpty();
      assertThat(verdict.outcomes()).isEqualTo(DOCUMENTS);
      assertThat(deadLetters(config)).containsExactly("PROCESS_ENDED of " + POISON);
    }
  }

  private static List<String> deadLetters(Config config) {
    List<String> found = new ArrayList<>();
    TopicPartition partition = new TopicPartition("dead-letter-documents", 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(KafkaClientProperties.consumer(config))) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
      while (consumer.position(partition) < end) {
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
