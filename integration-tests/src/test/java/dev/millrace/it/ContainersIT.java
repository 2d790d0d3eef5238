package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.faults.DocumentLoad;
import dev.millrace.faults.OutcomeChecker;
import dev.millrace.faults.OutcomeWatcher;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.Input;
import dev.millrace.records.SourcePosition;
import dev.millrace.streams.config.ApplicationSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Millrace's image beside a broker and a registry in containers: killed once, and frozen once for
 * longer than its session lasts. Runs with {@code -Pcontainers} only.
 */
@Tag("containers")
class ContainersIT {
  private static final Logger LOG = LoggerFactory.getLogger(ContainersIT.class);
  private static final int DOCUMENTS = 1_000;
  private static final Duration SESSION = Duration.ofSeconds(6);

  /** One task, so that the small model has soon done with a thousand. */
  private static final String PLAN =
      """
      promptVersion: containers-1
      language: en
      tasks:
        classify:
          - instruction: "\\n\\nIs this about ships or trains? Answer with one word."
            labels: [ships, trains]
      """;

  @TempDir private Path directory;

  private static String version() {
    return System.getProperty("millrace.version", "0.1.0-SNAPSHOT");
  }

  private Path config(String name, String bootstrapServers, String registry, boolean inside)
      throws Exception {
    Path place = Files.createDirectories(directory.resolve(name));
    return StreamHarness.config(
        place,
        bootstrapServers,
        registry,
        Map.of(
            "model.dir",
            inside ? "/opt/millrace/models/demo" : "none",
            "model.plan",
            inside ? "/etc/millrace/plan.yaml" : "",
            "app.state.dir",
            inside ? "/var/lib/millrace/state" : "state",
            "app.session.timeout",
            SESSION.toSeconds() + "s",
            "app.transaction.timeout",
            "10s",
            "documents.format",
            "text",
            "topics.partitions",
            "3",
            "health.host",
            inside ? "0.0.0.0" : "127.0.0.1",
            "health.port",
            "9464"));
  }

  /** Of all that were committed while nobody writes; they must not be all, or nothing is tested. */
  private static long countOfAll(OutcomeWatcher watcher) {
    long quietSince = System.nanoTime();
    while (System.nanoTime() - quietSince < 1_000_000_000L) {
      if (watcher.poll() > 0) {
        quietSince = System.nanoTime();
      }
    }
    assertThat(watcher.count()).as("outcomes so far").isLessThan(DOCUMENTS);
    return watcher.count();
  }

  @Test
  void shouldLoseAndRepeatNothingWhenKilledAndFrozen() throws Exception {
    Optional<String> missing = Containers.missing(version());
    if (missing.isPresent()) {
      String line = "NOT TESTED: THE CONTAINERS. " + missing.get();
      assertThat(Boolean.getBoolean("millrace.containers.required")).as(line).isFalse();
      Assumptions.abort(line);
    }
    Path plan = Files.writeString(directory.resolve("plan.yaml"), PLAN);
    try (Containers containers = new Containers(version())) {
      containers.startServers();
      Path outside =
          config("outside", containers.bootstrapServers(), containers.registryUrl(), false);
      Path inside = config("inside", "broker:9092", "http://registry:8080/apis/ccompat/v7", true);
      StreamHarness.succeed("topics", "create", "--config", outside.toString());
      StreamHarness.succeed("schemas", "register", "--config", outside.toString());
      Config config = ConfigReader.read(ApplicationSpec.SPEC, outside, Map.of());
      Set<SourcePosition> acknowledged =
          DocumentLoad.produce(
              config, DOCUMENTS, 200, number -> "Number " + number + " leaves in the morning.");
      containers.startApplication(
          Map.of("/etc/millrace/millrace.yaml", inside, "/etc/millrace/plan.yaml", plan),
          "run",
          "--config",
          "/etc/millrace/millrace.yaml");

      try (OutcomeWatcher watcher = new OutcomeWatcher(config, Input.outputs(config))) {
        watcher.await(DOCUMENTS / 10, StreamHarness.PATIENCE, containers::isRunning);
        containers.kill();
        LOG.info("killed after {} outcomes", countOfAll(watcher));
        containers.startAgain();
        watcher.await(DOCUMENTS / 2, StreamHarness.PATIENCE, containers::isRunning);
        containers.pause();
        LOG.info("frozen after {} outcomes", countOfAll(watcher));
        Thread.sleep(SESSION.multipliedBy(2));
        containers.unpause();
        watcher.await(DOCUMENTS, StreamHarness.PATIENCE, containers::isRunning);
      } catch (IllegalStateException e) {
        throw new AssertionError(containers.log(), e);
      }
      long exitCode = containers.stop();
      LOG.info("stopped with exit code {}", exitCode);
      OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, false).check();

      assertThat(verdict.problems()).as(containers.log()).isEmpty();
      assertThat(verdict.outcomes()).isEqualTo(DOCUMENTS);
      assertThat(verdict.lost()).isZero();
      assertThat(verdict.duplicated()).isZero();
      assertThat(exitCode).as(containers.log()).isIn(0L, 143L);
      assertThat(containers.log()).contains("stopped");
    }
  }
}
