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
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A plan that changes while documents are pending: each of them has one outcome, by the new plan,
 * that says so; and instances of one group that run different plans notice it.
 */
class PlanChangeIT {
  private static final int DOCUMENTS = 500;
  private static final Pattern OF_OTHER_PLANS =
      Pattern.compile("(\\d+) of them were consumed under another plan");

  @TempDir private Path directory;

  private static Path config(Path directory, LocalBroker broker, String plan, String instance)
      throws IOException {
    return StreamHarness.config(
        Files.createDirectories(directory),
        broker.bootstrapServers(),
        "http://127.0.0.1:9",
        Map.of(
            "documents.format",
            "text",
            "model.plan",
            plan,
            "app.instance.id",
            instance,
            "processing.pending.task.max",
            "2000"));
  }

  @Test
  void shouldFinishPendingDocumentsWithTheNewPlanAndNoticeAMixedGroup() throws Exception {
    try (LocalBroker broker = LocalBroker.start()) {
      Path before = config(directory.resolve("a"), broker, "old.yaml", "one");
      Path after = config(directory.resolve("b"), broker, "new.yaml", "one");
      Path other = config(directory.resolve("c"), broker, "old.yaml", "two");
      Config config = ConfigReader.read(ApplicationSpec.SPEC, before, Map.of());
      StreamHarness.succeed("topics", "create", "--config", before.toString());
      List<String> outputs =
          List.of("enriched-documents", "quarantined-documents", "dead-letter-documents");
      Set<SourcePosition> acknowledged =
          DocumentLoad.produce(config, DOCUMENTS, DOCUMENTS, number -> "text " + number);

      try (OutcomeWatcher watcher = new OutcomeWatcher(config, outputs)) {
        // Slower than this test is patient: everything stays pending.
        try (ChildNode slow = ChildNode.start(directory, "old", before, 600_000, 600_001, 1)) {
          awaitConsumed(config, slow);
          slow.kill();
        }
        try (ChildNode node = ChildNode.start(directory, "new", after, 5, 20, 2)) {
          watcher.await(DOCUMENTS, StreamHarness.PATIENCE, node::isAlive);
          assertThat(ofOtherPlans(node)).isEqualTo(DOCUMENTS);
          try (ChildNode second = ChildNode.start(directory, "two", other, 5, 20, 3)) {
            awaitLog(node, "instances of group it run other plans or models than this one");
            awaitLog(second, "instances of group it run other plans or models than this one");
            assertThat(second.stop(StreamHarness.PATIENCE)).isTrue();
          }
          awaitLog(node, "all instances of group it run the same plans and models again");
          assertThat(node.stop(StreamHarness.PATIENCE)).isTrue();
        }
      }

      OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, false).check();
      assertThat(verdict.problems()).isEmpty();
      assertThat(verdict.outcomes()).isEqualTo(DOCUMENTS);
      assertThat(SeveralInputsIT.read(config, "enriched-documents"))
          .hasSize(DOCUMENTS)
          .allSatisfy(
              record -> assertThat(SeveralInputsIT.text(record.value())).endsWith(" PLAN_CHANGED"));
    }
  }

  /** Until the committed offsets are the ends: then all of it is pending. */
  private static void awaitConsumed(Config config, ChildNode node) throws Exception {
    long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
    List<String> problems;
    do {
      assertThat(node.isAlive()).isTrue();
      assertThat(System.nanoTime()).as("not consumed").isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(300);
      problems = new OutcomeChecker(config, Set.of(), false).check().problems();
    } while (problems.stream().anyMatch(line -> line.startsWith("committed offset")));
  }

  private static int ofOtherPlans(ChildNode node) throws IOException {
    Matcher matcher = OF_OTHER_PLANS.matcher(Files.readString(node.log()));
    int sum = 0;
    while (matcher.find()) {
      sum += Integer.parseInt(matcher.group(1));
    }
    return sum;
  }

  private static void awaitLog(ChildNode node, String line) throws Exception {
    long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
    String log = Files.readString(node.log());
    while (!log.contains(line)) {
      assertThat(System.nanoTime()).as("'%s' not in log: %s", line, log).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(200);
      log = Files.readString(node.log());
    }
  }
}
