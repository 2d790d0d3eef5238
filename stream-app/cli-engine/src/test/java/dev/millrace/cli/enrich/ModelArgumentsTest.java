package dev.millrace.cli.enrich;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.engine.TenantOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.enrichment.testing.Script;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Plans whose tasks ask several models. */
final class ModelArgumentsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Script ECHO = (prompt, instruction) -> instruction;
  private static final String LINE = "{\"id\":\"a\",\"text\":\"Some text.\"}\n";

  @TempDir private Path directory;
  private Path plan = Path.of("");
  private Path other = Path.of("");

  @BeforeEach
  void write() throws IOException {
    other = Files.createDirectory(directory.resolve("other"));
    plan =
        Files.writeString(
            directory.resolve("two.yaml"),
            """
            promptVersion: two
            tasks:
              summarise: {instruction: /sum, tokensMax: 40}
              generate: [{name: title, model: other, instruction: /title, tokensMax: 40}]
            """);
  }

  private int run(CommandRun run, String... more) {
    String[] arguments = {"--input", "-", "--output", "-", "--plan", plan.toString()};
    return run.run(
        EnrichCommand::new,
        LINE,
        Stream.of(arguments, more).flatMap(Arrays::stream).toArray(String[]::new));
  }

  @Test
  void shouldAskEachTaskOfTheModelItNames() throws IOException {
    CommandRun run = new CommandRun(directory, ECHO);

    assertThat(run(run, "--model", "other=" + other, "--arithmetic", "f32")).isZero();

    JsonNode line = JSON.readTree(run.out.toString());
    assertThat(line.path("summary").asText()).isEqualTo("main /sum");
    assertThat(line.path("texts").path("title").asText()).isEqualTo("other /title");
    assertThat(run.leased).extracting(TenantOptions::name).containsExactly("main", "other");
    assertThat(run.leased)
        .extracting(TenantOptions::directory)
        .containsExactly(directory.resolve("model"), other);
    assertThat(run.leased)
        .extracting(model -> model.engine().backendOptions().arithmetic())
        .containsOnly(Arithmetic.F32);
  }

  @Test
  void shouldRefuseModelsThatDoNotFitThePlanBeforeLoadingAny() throws IOException {
    CommandRun missing = new CommandRun(directory, ECHO);
    assertThat(run(missing)).isEqualTo(2);
    assertThat(missing.err.toString())
        .contains("task title of the plan asks model other: name it with --model other=DIR");

    CommandRun needless = new CommandRun(directory, ECHO);
    assertThat(run(needless, "--model", "other=" + other, "--model", "guard=" + other))
        .isEqualTo(2);
    assertThat(needless.err.toString())
        .contains("no task of the plan asks model guard, but --model names it");

    CommandRun twice = new CommandRun(directory, ECHO);
    assertThat(run(twice, "--model", other.toString())).isEqualTo(2);
    assertThat(twice.err.toString()).contains("two models are called main");

    CommandRun nowhere = new CommandRun(directory, ECHO);
    assertThat(run(nowhere, "--model", "other=" + directory.resolve("none"))).isEqualTo(1);
    assertThat(nowhere.err.toString())
        .contains("cannot open the model other: ", "is neither a directory");

    assertThat(List.of(missing, needless, twice, nowhere))
        .allSatisfy(run -> assertThat(run.leased).isEmpty());
  }

  @Test
  void shouldTakeADirectoryWhoseNameLooksLikeANamedModelByItsPath() throws IOException {
    CommandRun run = new CommandRun(directory, ECHO);
    Path odd = Files.createDirectory(directory.resolve("other=x"));

    assertThat(run(run, "--model", "other=" + odd)).isZero();
    assertThat(run.leased.getLast().directory()).isEqualTo(odd);
  }

  @Test
  void shouldStillTakeThePlanUnderItsFormerName() throws IOException {
    CommandRun run = new CommandRun(directory, ECHO);
    Path one =
        Files.writeString(
            directory.resolve("one.yaml"),
            "promptVersion: one\ntasks: {summarise: {instruction: /one, tokensMax: 9}}\n");
    String[] arguments = {"--input", "-", "--output", "-", "--tasks", one.toString()};

    assertThat(run.run(EnrichCommand::new, LINE, arguments)).isZero();
    assertThat(JSON.readTree(run.out.toString()).path("summary").asText()).isEqualTo("/one");

    CommandRun both = new CommandRun(directory, ECHO);
    assertThat(run(both, "--tasks", one.toString())).isEqualTo(2);
    assertThat(both.err.toString()).contains("--plan and --tasks are the same");

    StringWriter usage = new StringWriter();
    new CommandLine(new EnrichCommand()).usage(new PrintWriter(usage));
    assertThat(usage.toString()).contains("--plan=FILE", "[NAME=]DIR").doesNotContain("--tasks");
  }

  /** The demo model under two names, on a device of this machine. */
  @Test
  void shouldRunTwoRealModelsOnOneDevice() throws IOException {
    Path demo = Path.of(System.getProperty("millrace.root"), "inference-core", "models", "demo");
    Path labels =
        Files.writeString(
            directory.resolve("labels.yaml"),
            """
            promptVersion: labels
            tasks:
              classify:
                - {name: one, instruction: "Which?", labels: [web, games, science]}
                - {name: two, model: other, instruction: "Which?", labels: [web, games, science]}
            """);
    Path in = Files.writeString(directory.resolve("in.jsonl"), LINE);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        new CommandLine(new EnrichCommand())
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(
                "--model",
                demo.toString(),
                "--model",
                "other=" + demo,
                "--plan",
                labels.toString(),
                "--backend",
                "cpu",
                "--input",
                in.toString(),
                "--output",
                "-");

    assertThat(exitCode).as(err.toString()).isZero();
    JsonNode found = JSON.readTree(out.toString()).path("classifications");
    assertThat(found.path("one").path("distribution").size()).isEqualTo(3);
    assertThat(found.path("two")).isEqualTo(found.path("one"));
  }
}
