package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.millrace.cli.stream.TopicsCommand;
import dev.millrace.faults.ChildNode;
import dev.millrace.faults.DocumentLoad;
import dev.millrace.faults.OutcomeWatcher;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.servers.LocalBroker;
import dev.millrace.streams.config.ApplicationSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * The real application in a JVM of its own, and a transaction of another producer in its input
 * topic that does not end: the application says which partition hangs, and when it moves again.
 */
class HangingPartitionIT {
  private static final int BEFORE = 20;
  private static final String HANGS =
      "partition documents-0 hangs: its last stable offset has been";
  private static final String CONSEQUENCE = "documents from there on are not consumed";

  @TempDir private Path directory;

  @Test
  void shouldTellOfAPartitionThatHangsUntilItMoves() throws Exception {
    try (LocalBroker broker = LocalBroker.start()) {
      Probes probes = new Probes(Probes.freePort());
      Path file =
          StreamHarness.config(
              directory,
              broker.bootstrapServers(),
              "http://127.0.0.1:9",
              Map.of(
                  "documents.format", "text",
                  "app.transaction.timeout", "10s",
                  "watchdog.hanging", "11s",
                  "health.port", Integer.toString(probes.port())));
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      assertThat(DocumentLoad.produce(config, BEFORE, BEFORE, number -> "text " + number))
          .hasSize(BEFORE);
      List<String> outputs =
          List.of("enriched-documents", "quarantined-documents", "dead-letter-documents");

      try (OutcomeWatcher watcher = new OutcomeWatcher(config, outputs);
          Producer<String, String> other = other(broker);
          ChildNode node = ChildNode.start(directory, "app", file, 5, 50, 20261121)) {
        watcher.await(BEFORE, StreamHarness.PATIENCE, node::isAlive);
        probes.awaitReadiness("ok\n", StreamHarness.PATIENCE);
        other.initTransactions();

        leaveOpen(other, "of a transaction that is aborted");
        awaitHanging(probes);
        other.abortTransaction();
        awaitMoving(probes);

        leaveOpen(other, "of a transaction that is committed late");
        awaitHanging(probes);
        assertThat(watcher.count()).isEqualTo(BEFORE);
        other.commitTransaction();
        awaitMoving(probes);
        watcher.await(BEFORE + 1, StreamHarness.PATIENCE, node::isAlive);

        assertThat(node.stop(StreamHarness.PATIENCE)).isTrue();
        String log = Files.readString(node.log());
        assertThat(log.lines().filter(line -> line.contains(" hangs: ")))
            .hasSize(2)
            .allSatisfy(
                line -> assertThat(line).contains("WARN").contains(HANGS).contains(CONSEQUENCE));
        assertThat(log.lines().filter(line -> line.contains(" moves again: ")))
            .hasSize(2)
            .allSatisfy(line -> assertThat(line).contains("INFO").contains("documents-0"));
        assertThat(log).doesNotContain("the ends of the partitions are not known");
      }
    }
  }

  private static Producer<String, String> other(LocalBroker broker) {
    return new KafkaProducer<>(
        Map.of(
            "bootstrap.servers",
            broker.bootstrapServers(),
            "transactional.id",
            "another-producer",
            "transaction.timeout.ms",
            "600000"),
        new StringSerializer(),
        new StringSerializer());
  }

  private static void leaveOpen(Producer<String, String> producer, String text) throws Exception {
    producer.beginTransaction();
    var sent = producer.send(new ProducerRecord<>("documents", 0, "key", text));
    producer.flush();
    assertThat(sent.get().partition()).isZero();
  }

  /** The text of readiness says so, with its first line still "ok"; the metrics, too. */
  private static void awaitHanging(Probes probes) throws IOException, InterruptedException {
    probes.awaitReadiness(HANGS, StreamHarness.PATIENCE);
    assertThat(probes.get("/health/ready"))
        .startsWith("ok\n" + HANGS)
        .contains(CONSEQUENCE)
        .contains("docs/failures.md#hanging-transactions")
        .hasLineCount(2);
    assertThat(probes.get("/health/live")).isEqualTo("ok\n");
    String metrics = probes.get("/metrics");
    assertThat(value(metrics, "millrace_partitions_hanging{topic=\"documents\"}")).isEqualTo(1);
    assertThat(value(metrics, "millrace_partitions_hanging_age_seconds{topic=\"documents\"}"))
        .isGreaterThanOrEqualTo(11);
    for (String topic :
        List.of(
            "enriched-documents",
            "quarantined-documents",
            "dead-letter-documents",
            "it-pending-changelog")) {
      assertThat(value(metrics, "millrace_partitions_hanging{topic=\"" + topic + "\"}")).isZero();
    }
  }

  private static void awaitMoving(Probes probes) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    while (!probes.get("/health/ready").equals("ok\n")
        && System.nanoTime() - begin < StreamHarness.PATIENCE.toNanos()) {
      Thread.sleep(100);
    }
    assertThat(probes.get("/health/ready")).isEqualTo("ok\n");
    assertThat(value(probes.get("/metrics"), "millrace_partitions_hanging{topic=\"documents\"}"))
        .isZero();
  }

  private static double value(String metrics, String name) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is not among the metrics"));
  }

  @Test
  void shouldWarnOfBrokersByTheReleaseThatTheyShow() throws Exception {
    try (LocalBroker broker = LocalBroker.start()) {
      assertThat(warningsOfCheck(broker)).as("Kafka 4.2.1").isEmpty();
    }
    // What 4.2.1 knows of 4.3, if it is told to offer what is not yet released.
    try (LocalBroker broker =
        LocalBroker.start(LocalBroker.options().with("unstable.feature.versions.enable", "true"))) {
      assertThat(warningsOfCheck(broker))
          .singleElement()
          .asString()
          .contains(broker.bootstrapServers())
          .contains("says: 1 (up to 30)")
          .contains("KAFKA-20734");
    }
  }

  /** What the log hears of {@code topics check}, which {@code run} begins with. */
  private List<String> warningsOfCheck(LocalBroker broker) throws IOException {
    String file =
        StreamHarness.config(directory, broker.bootstrapServers(), "http://127.0.0.1:9", Map.of())
            .toString();
    StreamHarness.succeed("topics", "create", "--config", file);
    Logger logger = (Logger) LoggerFactory.getLogger(TopicsCommand.class);
    ListAppender<ILoggingEvent> heard = new ListAppender<>();
    heard.start();
    logger.addAppender(heard);
    try {
      StreamHarness.succeed("topics", "check", "--config", file);
    } finally {
      logger.detachAppender(heard);
    }
    return heard.list.stream()
        .filter(event -> event.getLevel().equals(Level.WARN))
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }
}
