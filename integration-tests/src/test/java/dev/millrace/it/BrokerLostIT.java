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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real application in a JVM of its own, and a real broker that is killed under it: the
 * application says so, goes on by itself when the broker is back, and each document has exactly one
 * outcome.
 */
class BrokerLostIT {
  private static final int BEFORE = 2000;
  private static final int AFTER = 200;
  private static final int KEYS = 300;

  @TempDir private Path directory;

  @Test
  void shouldOutliveTheBrokerAndGiveEachDocumentOneOutcome() throws Exception {
    try (LocalBroker broker = LocalBroker.start()) {
      Probes probes = new Probes(Probes.freePort());
      Path file =
          StreamHarness.config(
              directory,
              broker.bootstrapServers(),
              "http://127.0.0.1:9",
              Map.of(
                  "documents.format", "text",
                  "processing.order", "key",
                  "health.port", Integer.toString(probes.port())));
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      Set<SourcePosition> acknowledged =
          new HashSet<>(DocumentLoad.produce(config, BEFORE, KEYS, number -> "text " + number));
      List<String> outputs =
          List.of("enriched-documents", "quarantined-documents", "dead-letter-documents");

      try (OutcomeWatcher watcher = new OutcomeWatcher(config, outputs);
          ChildNode node = ChildNode.start(directory, "app", file, 5, 50, 20261121)) {
        watcher.await(BEFORE / 4, StreamHarness.PATIENCE, node::isAlive);
        probes.awaitReady(StreamHarness.PATIENCE);

        broker.kill();

        probes.awaitReadiness(
            "no broker answers at " + broker.bootstrapServers() + " for ", StreamHarness.PATIENCE);
        assertThat(probes.get("/health/live")).isEqualTo("ok\n");
        assertThat(watcher.count()).as("still at work when the broker was lost").isLessThan(BEFORE);

        broker.restart();

        watcher.await(BEFORE, StreamHarness.PATIENCE, node::isAlive);
        probes.awaitReady(StreamHarness.PATIENCE);
        acknowledged.addAll(
            DocumentLoad.produce(config, AFTER, KEYS, number -> "text later " + number));
        watcher.await(BEFORE + AFTER, StreamHarness.PATIENCE, node::isAlive);
        assertThat(node.stop(StreamHarness.PATIENCE))
            .as("stopped in good order, log: %s", Files.readString(node.log()))
            .isTrue();
        assertThat(Files.readString(node.log()))
            .as("the same process all the time")
            .doesNotContain("left pending by an earlier run")
            .doesNotContain("a stream thread died");
      }

      OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, true).check();
      assertThat(verdict.problems()).isEmpty();
      assertThat(verdict.outcomes()).isEqualTo(BEFORE + AFTER);
    }
  }
}
