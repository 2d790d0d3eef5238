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
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real application with a scripted enricher in a JVM of its own, killed while it works: each
 * document has exactly one outcome all the same, in the order of its key.
 */
class ExactlyOnceIT {
  /** One shows it at each commit; many are for a night ({@code -Pfull}). */
  private static final int KILLS = Boolean.getBoolean("millrace.full") ? 20 : 1;

  private static final int DOCUMENTS = 3000 * KILLS;
  private static final int KEYS = 300;

  @TempDir private Path directory;

  @Test
  void shouldGiveEachDocumentOneOutcomeWhenKilledUnderLoad() throws IOException {
    try (LocalBroker broker = LocalBroker.start()) {
      Path file =
          StreamHarness.config(
              directory,
              broker.bootstrapServers(),
              "http://127.0.0.1:9",
              Map.of("documents.format", "text", "processing.order", "key"));
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      Set<SourcePosition> acknowledged =
          DocumentLoad.produce(config, DOCUMENTS, KEYS, ExactlyOnceIT::text);
      List<String> outputs =
          List.of("enriched-documents", "quarantined-documents", "dead-letter-documents");

      try (OutcomeWatcher watcher = new OutcomeWatcher(config, outputs);
          ChildNode node = ChildNode.start(directory, "app", file, 5, 50, 20261121)) {
        for (int kill = 1; kill <= KILLS; kill++) {
          watcher.await(
              (long) DOCUMENTS * kill / (KILLS + 3), StreamHarness.PATIENCE, node::isAlive);
          node.kill();
          node.restart();
        }
        watcher.await(DOCUMENTS, StreamHarness.PATIENCE, node::isAlive);
        assertThat(node.stop(StreamHarness.PATIENCE))
            .as("stopped in good order, log: %s", Files.readString(node.log()))
            .isTrue();
        assertThat(Files.readString(node.log())).contains("left pending by an earlier run");
      }

      OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, true).check();
      assertThat(verdict.problems()).isEmpty();
      assertThat(verdict.outcomes()).isEqualTo(DOCUMENTS);
    }
  }

  /** Some are rejected and some quarantined, so that all three topics take part. */
  private static String text(int number) {
    return (number % 50 == 7 ? "reject " : number % 50 == 9 ? "quarantine " : "text ") + number;
  }
}
