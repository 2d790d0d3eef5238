package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

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
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The disk of the pending stores runs full under a real application: readiness names it, the
 * process stays, goes on by itself when there is room, and each document has exactly one outcome.
 * Needs a small file system of its own, which only root may mount.
 */
class DiskFullIT {
  private static final int BEFORE = 200;
  private static final int MEANWHILE = 4000;
  private static final List<String> OUTPUTS =
      List.of("enriched-documents", "quarantined-documents", "dead-letter-documents");

  @TempDir private Path directory;

  private static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  @Test
  void shouldGoOnByItselfWhenThereIsRoomAgain() throws Exception {
    assumeThat(Boolean.getBoolean("millrace.full")).as("SKIPPED: takes a minute; -Pfull").isTrue();
    Path disk = Files.createDirectories(directory.resolve("disk"));
    assumeThat(run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk.toString()))
        .as("SKIPPED, because a small file system cannot be mounted: that takes root")
        .isZero();
    try (LocalBroker broker = LocalBroker.start()) {
      Probes probes = new Probes(Probes.freePort());
      Path file =
          StreamHarness.config(
              directory,
              broker.bootstrapServers(),
              "http://127.0.0.1:9",
              Map.of(
                  "documents.format",
                  "text",
                  "topics.partitions",
                  "1",
                  "app.state.dir",
                  disk.resolve("state").toString(),
                  "health.port",
                  Integer.toString(probes.port())));
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      Set<SourcePosition> acknowledged = new HashSet<>(produce(config, BEFORE));
      try (OutcomeWatcher watcher = new OutcomeWatcher(config, OUTPUTS);
          ChildNode node = ChildNode.start(directory, "app", file, 5, 50, 7)) {
        watcher.await(BEFORE, StreamHarness.PATIENCE, node::isAlive);

        Path filler = fill(disk);
        probes.awaitReadiness("app.state.dir = " + disk.resolve("state"), StreamHarness.PATIENCE);
        acknowledged.addAll(produce(config, MEANWHILE));
        awaitLog(node, "a stream thread died because of the disk");
        assertThat(probes.get("/health/live")).isEqualTo("ok\n");

        Files.delete(filler);
        watcher.await(BEFORE + MEANWHILE, StreamHarness.PATIENCE, node::isAlive);
        probes.awaitReady(StreamHarness.PATIENCE);
        assertThat(node.stop(StreamHarness.PATIENCE))
            .as("stopped in good order, log: %s", Files.readString(node.log()))
            .isTrue();
      }
      OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, false).check();
      assertThat(verdict.problems()).isEmpty();
      assertThat(verdict.outcomes()).isEqualTo(BEFORE + MEANWHILE);
    } finally {
      assertThat(run("umount", disk.toString())).as("unmounted").isZero();
    }
  }

  private static Set<SourcePosition> produce(Config config, int count) {
    return DocumentLoad.produce(config, count, 20, number -> "text " + number + "x".repeat(1000));
  }

  private static Path fill(Path disk) throws IOException {
    Path filler = disk.resolve("filler");
    byte[] megabyte = new byte[1 << 20];
    try {
      while (true) {
        Files.write(filler, megabyte, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      }
    } catch (IOException e) {
      return filler;
    }
  }

  private static void awaitLog(ChildNode node, String text)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
    while (!Files.readString(node.log()).contains(text) && System.nanoTime() - deadline < 0) {
      Thread.sleep(200);
    }
    assertThat(Files.readString(node.log())).contains(text);
  }
}
