package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.servers.LocalServers;
import dev.millrace.streams.EnrichmentRuntime;
import dev.millrace.streams.config.ApplicationSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One application with two models on one device, and a plan whose tasks ask both. */
class TwoModelsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PLAN =
      """
      promptVersion: two-1
      tasks:
        summarise: {instruction: "\\n\\nSummarise.", tokensMax: 16}
        generate: {name: headline, model: second, instruction: "\\n\\nHeadline.", tokensMax: 16}
      """;

  @TempDir private Path directory;

  @Test
  void shouldAskTheModelThatATaskNames() throws Exception {
    Path model = StreamHarness.root().resolve("inference-core/models/demo");
    assumeThat(model.resolve("enrichment.yaml"))
        .as("SKIPPED, because the demo model has no plan")
        .exists();
    Files.writeString(directory.resolve("plan.yaml"), PLAN);
    Path documents = directory.resolve("in.jsonl");
    Files.writeString(
        documents,
        """
        {"id":"a","text":"A library that reads and writes compressed archives.","language":"en"}
        {"id":"b","text":"A game in which falling blocks are stacked.","language":"en"}
        """);
    try (LocalServers servers = LocalServers.start()) {
      Path file =
          StreamHarness.config(
              directory,
              servers,
              Map.of(
                  "documents.format", "json",
                  "model.dir", model.toString(),
                  "model.plan", "plan.yaml",
                  "model.kv.memory", "64MiB"));
      String config = file.toString();
      StreamHarness.succeed("topics", "create", "--config", config);
      StreamHarness.succeed("schemas", "register", "--config", config);
      StreamHarness.succeed("produce", "--config", config, "--input", documents.toString());
      Config alone = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());

      assertThatThrownBy(() -> new EnrichmentRuntime(alone, "test").close())
          .hasMessageContaining("plan two-1 asks model second")
          .hasMessageContaining("add models.second.dir");

      Files.writeString(
          file,
          "models.second: {dir: \"%s\", kv.memory: 64MiB}%n".formatted(model),
          StandardOpenOption.APPEND);
      Config both = ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
      try (EnrichmentRuntime runtime = new EnrichmentRuntime(both, "test")) {
        runtime.application().start();
        List<String> lines =
            StreamHarness.succeed("tail", "--config", config, "--max", "2", "--json")
                .lines()
                .toList();

        assertThat(lines).hasSize(2);
        for (String line : lines) {
          JsonNode outcome = JSON.readTree(line);
          JsonNode tasks = outcome.path("provenance").path("tasks");
          assertThat(outcome.path("summary").asText()).isNotEmpty();
          assertThat(outcome.path("texts").path("headline").asText()).isNotEmpty();
          assertThat(tasks.path("summary").path("model").asText()).isEqualTo("main");
          assertThat(tasks.path("headline").path("model").asText()).isEqualTo("second");
          assertThat(outcome.path("usage").path("requests").asInt()).isEqualTo(2);
        }
        assertThat(new Probes(runtime.application().healthPort()).get("/metrics"))
            .contains("millrace_engine_rows_total{model=\"main\",phase=\"prefill\"}")
            .contains("millrace_engine_rows_total{model=\"second\",phase=\"prefill\"}");
      }
    }
  }
}
