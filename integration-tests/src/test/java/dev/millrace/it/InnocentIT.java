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
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that end, and stream tasks that move, while healthy documents are in flight: none of
 * them is taken for the cause, and none waits long for it.
 */
class InnocentIT {
  private static final List<String> OUTPUTS =
      List.of("enriched-documents", "dead-letter-documents");

  private static final int JOINS = Boolean.getBoolean("millrace.full") ? 5 : 3;

  @TempDir private Path directory;

  @Test
  void shouldCondemnNobodyWhenTheProcessIsKilledFiveTimesInARow() throws Exception {
    int documents = 300;
    long seed = 20261130;
    Random random = new Random(seed);
    try (LocalBroker broker = LocalBroker.start()) {
      Path file = config("one", broker);
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      Set<SourcePosition> acknowledged =
          DocumentLoad.produce(config, documents, documents, number -> "text " + number);

      try (OutcomeWatcher watcher = new OutcomeWatcher(config, OUTPUTS);
          ChildNode node = node("one", file, 3000)) {
        for (int kill = 0; kill < 5; kill++) {
          awaitWork(node, kill + 1);
          TimeUnit.MILLISECONDS.sleep(random.nextInt(1500));
          node.kill();
          node.restart();
        }
        watcher.await(documents, StreamHarness.PATIENCE, node::isAlive);
        assertThat(node.stop(StreamHarness.PATIENCE)).isTrue();
      }

      check(config, acknowledged, "seed " + seed);
    }
  }

  /** Nobody dies: what is counted is what a stream task leaves behind when it moves. */
  @Test
  void shouldCondemnNobodyWhenAnotherInstanceComesAndGoes() throws Exception {
    int documents = 60;
    try (LocalBroker broker = LocalBroker.start()) {
      Path file = config("one", broker);
      Config config = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      Set<SourcePosition> acknowledged =
          DocumentLoad.produce(config, documents, documents, number -> "text " + number);

      try (OutcomeWatcher watcher = new OutcomeWatcher(config, OUTPUTS);
          ChildNode first = node("one", file, 12_000)) {
        awaitWork(first, 1);
        try (ChildNode second = node("two", config("two", broker), 12_000)) {
          for (int join = 1; join <= JOINS; join++) {
            awaitWork(second, join);
            TimeUnit.SECONDS.sleep(3);
            assertThat(second.stop(StreamHarness.PATIENCE))
                .as("stopped in good order, log: %s", Files.readString(second.log()))
                .isTrue();
            if (join < JOINS) {
              second.restart();
            }
          }
        }
        watcher.await(documents, StreamHarness.PATIENCE, first::isAlive);
        assertThat(first.stop(StreamHarness.PATIENCE)).isTrue();
        assertThat(Files.readString(first.log())).doesNotContain("while documents were in flight");
      }

      check(config, acknowledged, "moves");
    }
  }

  private Path config(String instance, LocalBroker broker) throws Exception {
    return StreamHarness.config(
        Files.createDirectories(directory.resolve(instance)),
        broker.bootstrapServers(),
        "http://127.0.0.1:9",
        Map.of(
            "documents.format", "text",
            "app.instance.id", instance,
            "app.drain.timeout", "500ms",
            "topics.partitions", "4"));
  }

  private ChildNode node(String name, Path file, int delayMillis) {
    return ChildNode.start(directory, name, file, delayMillis / 2, delayMillis, 20261130);
  }

  /** Until its log says that its n-th life runs: each rebalance says so once more. */
  private static void awaitWork(ChildNode node, int life) throws Exception {
    long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
    while (!runs(Files.readString(node.log()), life)) {
      assertThat(deadline - System.nanoTime()).as("log: %s", node.log()).isPositive();
      assertThat(node.isAlive()).as(Files.readString(node.log())).isTrue();
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static boolean runs(String log, int life) {
    String[] lives = log.split("started: application", -1);
    return lives.length > life && lives[life].contains(": running");
  }

  private static void check(Config config, Set<SourcePosition> acknowledged, String what) {
    OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, false).check();
    assertThat(verdict.problems()).as(what).isEmpty();
    assertThat(verdict.outcomes()).as(what).isEqualTo(acknowledged.size());
    assertThat(PoisonIT.deadLetters(config)).as(what).isEmpty();
  }
}
