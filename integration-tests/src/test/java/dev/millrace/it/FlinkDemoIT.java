package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Flink job as its user tries it: the same outcomes as everywhere, and nothing left behind. */
class FlinkDemoIT {
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
  void shouldGiveTheOutcomesOfEnrichAndEndAtCtrlC() throws Exception {
    DemoProcess flink = start("flink-cli", "flink", "--documents", "8", "--json", "--stay");
    flink.await("Everything keeps running");
    List<ProcessHandle> children = flink.children();
    assertThat(children).as("broker, registry and their guards").hasSizeGreaterThanOrEqualTo(2);

    flink.interrupt();

    assertThat(flink.exitCode()).as(flink.err()).isZero();
    List<String> lines = flink.out().lines().toList();
    assertThat(lines).as("one line for each outcome, and the totals").hasSize(9);
    JsonNode totals = JSON.readTree(lines.getLast()).path("totals");
    assertThat(totals.path("enriched").asInt()).isEqualTo(8);
    assertThat(flink.err()).as("no trace of what was stopped").doesNotContain("Exception");
    flink.assertNothingLeft(children);
    assertThat(DemoProcess.withoutMeasurements(lines.subList(0, 8)))
        .as("without Kafka, in another process, in the other order")
        .isEqualTo(
            DemoProcess.withoutMeasurements(
                DemoProcess.enrichedBackwards(directory.resolve("enrich"), 8)));
  }

  @Test
  void shouldGiveWhatTheStreamsApplicationGives() throws Exception {
    assumeThat(Boolean.getBoolean("millrace.full")).as("SKIPPED: takes minutes; -Pfull").isTrue();
    int documents = 200;

    List<String> streams = all("cli", "demo", documents);
    List<String> flink = all("flink-cli", "flink", documents);

    assertThat(DemoProcess.withoutMeasurements(flink))
        .hasSize(documents)
        .isEqualTo(DemoProcess.withoutMeasurements(streams));
  }

  private List<String> all(String module, String command, int documents) throws Exception {
    DemoProcess demo =
        DemoProcess.start(
            directory.resolve(command),
            module,
            command,
            "--documents",
            Integer.toString(documents),
            "--json");
    started = demo;
    assertThat(demo.exitCode()).as(demo.err()).isZero();
    return demo.out().lines().toList().subList(0, documents);
  }

  private DemoProcess start(String module, String... arguments) throws IOException {
    DemoProcess demo = DemoProcess.start(directory, module, arguments);
    started = demo;
    return demo;
  }
}
