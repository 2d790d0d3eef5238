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

/**
 * One application with two models on one device and a plan whose tasks ask both, and with two
 * inputs, which the commands tell apart.
 */
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
    Path notes = directory.resolve("notes.jsonl");
    Files.writeString(
        notes,
        """
        {"id":"n","text":"Font with wide coverage of old scripts.","language":"en"}
        {"id":"long","text":"%s","language":"en"}
        """
            .formatted("too long ".repeat(300)));
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
                  "documents.bytes.max", "2KiB",
                  "model.dir", model.toString(),
                  "model.plan", "plan.yaml",
                  "model.kv.memory", "64MiB"));
      Files.writeString(
          file,
          """
          inputs:
            - {topic: letters}
            - {topic: notes, format: text, enriched: enriched-notes, dead.letter: dead-notes}
          """,
          StandardOpenOption.APPEND);
      String config = file.toString();
      StreamHarness.succeed("topics", "create", "--config", config);
      StreamHarness.succeed("schemas", "register", "--config", config);
      assertThat(
              StreamHarness.run("produce", "--config", config, "--input", notes.toString()).err())
          .contains("--topic is missing: the configuration has the inputs [letters, notes]");
      produce(config, "letters", documents);
      produce(config, "notes", notes);
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
            StreamHarness.succeed("tail", "--config", config, "--max", "4", "--json")
                .lines()
                .toList();

        assertThat(lines).hasSize(4);
        int enriched = 0;
        for (String line : lines) {
          JsonNode outcome = JSON.readTree(line);
          if (outcome.has("error")) {
            assertThat(outcome.path("error").path("reason").asText()).isEqualTo("TOO_LARGE");
            continue;
          }
          enriched++;
          assertThat(outcome.path("sourcePosition").path("topic").asText())
              .isEqualTo(outcome.path("id").asText().startsWith("n") ? "notes" : "letters");
          JsonNode tasks = outcome.path("provenance").path("tasks");
          assertThat(outcome.path("summary").asText()).isNotEmpty();
          assertThat(outcome.path("texts").path("headline").asText()).isNotEmpty();
          assertThat(tasks.path("summary").path("model").asText()).isEqualTo("main");
          assertThat(tasks.path("headline").path("model").asText()).isEqualTo("second");
          assertThat(outcome.path("usage").path("requests").asInt()).isEqualTo(2);
        }
        assertThat(enriched).isEqualTo(3);
        assertThat(StreamHarness.succeed("redrive", "--config", config, "--json"))
            .contains("\"copied\":1")
            .contains("\"foreign\":0");
        assertThat(
                StreamHarness.succeed("tail", "--config", config, "--max", "5", "--json")
                    .lines()
                    .filter(line -> line.contains("TOO_LARGE")))
            .as("the dead letter went back to its own topic, and to the dead letters again")
            .hasSize(2);
        assertThat(new Probes(runtime.application().healthPort()).get("/metrics"))
            .contains("millrace_engine_rows_total{model=\"main\",phase=\"prefill\"}")
            .contains("millrace_engine_rows_total{model=\"second\",phase=\"prefill\"}");
      }
    }
  }

  private static void produce(String config, String topic, Path documents) {
    StreamHarness.succeed(
        "produce", "--config", config, "--topic", topic, "--input", documents.toString());
  }
}
