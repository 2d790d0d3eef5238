package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.faults.ChildNode;
import dev.millrace.faults.DocumentLoad;
import dev.millrace.faults.OutcomeChecker;
import dev.millrace.faults.OutcomeWatcher;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.records.SourcePosition;
import dev.millrace.servers.LocalBroker;
import dev.millrace.streams.config.ApplicationSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One application in a JVM of its own, whose topics and offsets change under it as operators and
 * retention change them: each document has exactly one outcome, or the application says why not.
 */
class TopicsIT {
  private static final String GROUP = "it";
  private static final int FIRST = 60;
  private static final int MORE = 40;
  private static final List<String> OUTPUTS =
      List.of("enriched-documents", "quarantined-documents", "dead-letter-documents");

  @TempDir private Path directory;

  @Test
  void shouldOutliveLostOffsetsAndNewPartitionsAndNameATopicThatWasMadeAgain() throws Exception {
    try (LocalBroker broker = LocalBroker.start();
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      Probes probes = new Probes(Probes.freePort());
      Path file =
          StreamHarness.config(
              directory,
              broker.bootstrapServers(),
              "http://127.0.0.1:9",
              Map.of(
                  "documents.format", "text",
                  "topics.partitions", "1",
                  "health.port", Integer.toString(probes.port())));
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      Set<SourcePosition> acknowledged = new HashSet<>(produce(config, FIRST));
      try (OutcomeWatcher watcher = new OutcomeWatcher(config, OUTPUTS);
          ChildNode node = ChildNode.start(directory, "app", file, 1, 5, 7)) {
        watcher.await(FIRST, StreamHarness.PATIENCE, node::isAlive);
        stop(node);

        deleteOffsets(admin);
        acknowledged.addAll(produce(config, MORE));
        node.restart();
        watcher.await(FIRST + MORE, StreamHarness.PATIENCE, node::isAlive);
        probes.awaitReadiness(
            FIRST + " documents of partition documents-0 were read again and skipped",
            StreamHarness.PATIENCE);

        admin.createPartitions(Map.of("documents", NewPartitions.increaseTo(3))).all().get();
        probes.awaitReadiness("topic documents has 3 partitions now", StreamHarness.PATIENCE);
        acknowledged.addAll(produce(config, FIRST));
        watcher.await(2 * FIRST + MORE, StreamHarness.PATIENCE, node::isAlive);
        probes.awaitReady(StreamHarness.PATIENCE);
        stop(node);
        OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, false).check();
        assertThat(verdict.problems()).isEmpty();
        assertThat(verdict.outcomes()).isEqualTo(2 * FIRST + MORE);

        admin.deleteTopics(List.of("documents")).all().get();
        StreamHarness.Said fewer =
            StreamHarness.run("topics", "create", "--config", file.toString());
        assertThat(fewer.out()).contains("documents created");
        assertThat(fewer.err()).contains("topic documents has 1 partitions, but had 3");
        admin.createPartitions(Map.of("documents", NewPartitions.increaseTo(3))).all().get();
        produce(config, MORE);
        node.restart();
        awaitEnd(node);
        assertThat(Files.readString(node.log()))
            .contains("topic documents was deleted and made again")
            .contains("`millrace topics accept --config FILE`")
            .doesNotContain("StreamsResetter");

        assertThat(accept(file))
            .contains("documents was made again: it is read from its beginning");
        node.restart();
        watcher.await(2 * FIRST + 2 * MORE, StreamHarness.PATIENCE, node::isAlive);
        stop(node);
        assertThat(watcher.count()).isEqualTo(2 * FIRST + 2 * MORE);

        admin.deleteTopics(List.of("it-pending-changelog")).all().get();
        node.restart();
        awaitEnd(node);
        assertThat(Files.readString(node.log()))
            .contains("topic it-pending-changelog, which holds the pending documents, was deleted");
        assertThat(accept(file))
            .contains("documents goes on where it was")
            .contains("delete " + directory.resolve("state"));
        deleteAll(directory.resolve("state"));
        produce(config, FIRST);
        node.restart();
        watcher.await(3 * FIRST + 2 * MORE, StreamHarness.PATIENCE, node::isAlive);

        admin.deleteTopics(List.of("enriched-documents")).all().get();
        probes.awaitReadiness("topic enriched-documents is gone", StreamHarness.PATIENCE);
        StreamHarness.succeed("topics", "create", "--config", file.toString());
        awaitEnd(node);
        assertThat(Files.readString(node.log()))
            .contains("topic enriched-documents was deleted and made again");
        assertThat(watcher.count()).isEqualTo(3 * FIRST + 2 * MORE);
      }
    }
  }

  private static void deleteAll(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  private static Set<SourcePosition> produce(Config config, int count) {
    return DocumentLoad.produce(config, count, 20, number -> "text " + number);
  }

  private static void stop(ChildNode node) throws Exception {
    assertThat(node.stop(StreamHarness.PATIENCE))
        .as("stopped in good order, log: %s", Files.readString(node.log()))
        .isTrue();
  }

  private static void awaitEnd(ChildNode node) throws InterruptedException {
    long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
    while (node.isAlive() && System.nanoTime() - deadline < 0) {
      Thread.sleep(100);
    }
    assertThat(node.isAlive()).as("ended by itself").isFalse();
  }

  /** As their expiry does; a member that has stopped counts until its session is over. */
  private static void deleteOffsets(Admin admin) throws Exception {
    long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
    while (true) {
      try {
        admin.deleteConsumerGroups(List.of(GROUP)).all().get();
        return;
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof GroupNotEmptyException) || System.nanoTime() - deadline > 0) {
          throw e;
        }
        Thread.sleep(200);
      }
    }
  }

  /** Waits for the members, too. */
  private static String accept(Path file) throws InterruptedException {
    long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
    StreamHarness.Said said = StreamHarness.run("topics", "accept", "--config", file.toString());
    while (said.err().contains("has members") && System.nanoTime() - deadline < 0) {
      Thread.sleep(500);
      said = StreamHarness.run("topics", "accept", "--config", file.toString());
    }
    assertThat(said.exitCode()).as(said.err()).isZero();
    return said.out();
  }
}
