package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The demo as its user runs it, in a process of its own with the launcher's class path: it tells
 * the truth, and it leaves nothing behind, whether it comes to its end or is stopped on the way.
 */
class DemoIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;
  private @Nullable DemoProcess started;

  @AfterEach
  void end() {
    if (started != null) {
      started.destroy();
    }
  }

  @Test
  void shouldGiveEachDocumentAnOutcomeAndLeaveNothing() throws Exception {
    DemoProcess demo = start("demo", "--documents", "8", "--json");
    demo.await("first outcome");
    List<ProcessHandle> children = demo.children();
    assertThat(children).as("broker, registry and their guards").hasSizeGreaterThanOrEqualTo(2);

    assertThat(demo.exitCode()).as(demo.err()).isZero();

    List<String> lines = demo.out().lines().toList();
    assertThat(lines).as("one line for each outcome, and the totals").hasSize(9);
    Set<String> ids = new HashSet<>();
    for (String line : lines.subList(0, 8)) {
      JsonNode outcome = JSON.readTree(line);
      ids.add(outcome.path("id").asText());
      assertThat(outcome.path("summary").asText()).as(line).isNotEmpty();
      assertThat(outcome.path("classification").path("label").asText()).as(line).isNotEmpty();
      assertThat(outcome.path("usage").isObject()).as(line).isTrue();
    }
    assertThat(ids).hasSize(8).doesNotContain("");
    JsonNode totals = JSON.readTree(lines.getLast()).path("totals");
    assertThat(totals.path("documents").asInt()).isEqualTo(8);
    assertThat(totals.path("enriched").asInt()).isEqualTo(8);
    assertThat(totals.path("startToFirstMillis").asLong()).isPositive();
    demo.assertNothingLeft(children);
    assertThat(
            DemoProcess.withoutMeasurements(
                DemoProcess.enrichedBackwards(directory.resolve("enrich"), 8)))
        .as("without Kafka, in another process, in the other order")
        .isEqualTo(DemoProcess.withoutMeasurements(lines.subList(0, 8)));
  }

  @Test
  void shouldLeaveNothingWhenStoppedByCtrlCWhileDocumentsFlow() throws Exception {
    DemoProcess demo = start("demo", "--documents", "400", "--json");
    demo.await("first outcome");
    List<ProcessHandle> children = demo.children();

    demo.interrupt();

    assertThat(demo.exitCode()).as(demo.err()).isEqualTo(130);
    assertThat(demo.err()).contains("stopped before all documents had an outcome");
    List<String> lines = demo.out().lines().toList();
    assertThat(lines).as("stopped in the middle").hasSizeLessThan(400);
    for (String line : lines) {
      assertThat(JSON.readTree(line).path("id").asText()).as(line).isNotEmpty();
    }
    demo.assertNothingLeft(children);
  }

  @Test
  void shouldLeaveNothingWhenStoppedByCtrlCWhileStarting() throws Exception {
    DemoProcess demo = start("demo", "--documents", "400");
    demo.await("broker ready");
    List<ProcessHandle> children = demo.children();

    demo.interrupt();

    assertThat(demo.exitCode()).as(demo.err()).isEqualTo(130);
    assertThat(demo.out()).isEmpty();
    demo.assertNothingLeft(children);
  }

  private DemoProcess start(String... arguments) throws IOException {
    DemoProcess demo = DemoProcess.start(directory, "cli", arguments);
    started = demo;
    return demo;
  }
}
