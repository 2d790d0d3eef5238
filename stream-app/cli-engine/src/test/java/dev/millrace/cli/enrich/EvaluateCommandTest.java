package dev.millrace.cli.enrich;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.enrichment.testing.Script;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {
  private static final Script SCRIPT =
      new Script() {
        @Override
        public String generate(String prompt, String instruction) {
          return instruction.equals("/sum") ? "a mill" : "un mulino";
        }

        @Override
        public double[] score(String prompt, String instruction, List<String> labels) {
          return new double[] {Math.log(0.8), Math.log(0.2)};
        }
      };
  private static final String INPUT =
      """
      {"id":"1","text":"aaa","reference":{"label":"mill","summary":"A mill!"}}
      {"id":"2","text":"bb","reference":{"label":"mill","translations":{"it":"un mulino"}}}
      {"id":"3","text":"c","reference":{"label":"race"}}
      {"id":"4","text":"","reference":{"label":"race"}}
      """;

  @TempDir private Path directory;

  @Test
  void shouldPassOverAByteOrderMarkAndBlankLines() throws IOException {
    CommandRun run = new CommandRun(directory, SCRIPT);

    int exitCode =
        run.run(EvaluateCommand::new, "\ufeff\n" + INPUT + " \r\n\n", "--input", "-", "--json");

    assertThat(exitCode).isZero();
    assertThat(new ObjectMapper().readTree(run.out.toString()).path("documents").asInt())
        .isEqualTo(4);
  }

  @Test
  void shouldPrintAllMeasuresAsJson() throws IOException {
    CommandRun run = new CommandRun(directory, SCRIPT);

    int exitCode =
        run.run(EvaluateCommand::new, INPUT, "--input", "-", "--json", "--fit-temperature");

    assertThat(exitCode).isZero();
    assertThat(run.outLines()).hasSize(1);
    JsonNode report = new ObjectMapper().readTree(run.out.toString());
    assertThat(report.path("documents").asInt()).isEqualTo(4);
    assertThat(report.path("rejections").path("INVALID_DOCUMENT").asInt()).isEqualTo(1);
    assertThat(report.path("labels").path("accuracy").asDouble()).isEqualTo(0.5);
    assertThat(report.path("labels").path("references").asInt()).isEqualTo(4);
    assertThat(report.path("labels").path("fit").path("temperature").asDouble())
        .isBetween(1.9, 2.1); // 0.8 to 0.2 becomes 2 to 1
    assertThat(report.path("texts").path("summary").path("score").asDouble()).isEqualTo(1);
    assertThat(report.path("texts").path("translation en-it").path("score").asDouble())
        .isEqualTo(100);
    assertThat(report.path("tasks").path("classification").path("branches").asInt()).isEqualTo(3);
    assertThat(report.path("tasks").path("summary").path("generatedTokens").asInt())
        .isEqualTo(3 * 7);
    assertThat(report.path("tokens").path("document").asInt()).isEqualTo(6);
  }

  @Test
  void shouldPrintATableForReaders() throws IOException {
    CommandRun run = new CommandRun(directory, SCRIPT);

    int exitCode = run.run(EvaluateCommand::new, INPUT, "--input", "-");

    assertThat(exitCode).isZero();
    assertThat(run.out.toString())
        .contains("label accuracy               0.5000 (n = 4)")
        .contains("calibration error, plan      0.1333 (temperature 1.0000)")
        .contains("summary                      rougeL 1.0000 (n = 1)")
        .contains("translation en-it            chrF2 100.00 (n = 1)")
        .doesNotContain("fitted");
  }

  @Test
  void shouldMeasureNamedTasksByWhatStandsUnderTheirNames() throws IOException {
    Path plan =
        Files.writeString(
            directory.resolve("plan.yaml"),
            """
            promptVersion: t
            tasks:
              generate: {name: title, instruction: /sum, tokensMax: 40}
              classify:
                - {name: kind, instruction: /kind, labels: [mill, race]}
                - {name: tags, choose: any, instruction: "/about {label}", labels: [water, wind]}
            """);
    String input =
        """
        {"id":"1","text":"aaa","reference":{"kind":"mill","tags":["water"],"title":"a mill"}}
        {"id":"2","text":"bb","reference":{"label":"mill","tags":[],"more":{"not":"read"}}}
        """;
    CommandRun run = new CommandRun(directory, SCRIPT);
    CommandRun table = new CommandRun(directory, SCRIPT);

    int exitCode =
        run.run(
            EvaluateCommand::new,
            input,
            "--input",
            "-",
            "--json",
            "--fit-temperature",
            "--plan",
            plan.toString());
    table.run(EvaluateCommand::new, input, "--input", "-", "--plan", plan.toString());

    assertThat(exitCode).isZero();
    JsonNode report = new ObjectMapper().readTree(run.out.toString());
    assertThat(report.path("labels")).isEqualTo(report.path("classifications").path("kind"));
    assertThat(report.path("labels").path("references").asInt()).isEqualTo(2);
    JsonNode tags = report.path("classifications").path("tags");
    assertThat(tags.path("references").asInt()).isEqualTo(2);
    assertThat(tags.path("recall").asDouble()).isEqualTo(1);
    assertThat(tags.path("fit").path("temperature").isNumber()).isTrue();
    assertThat(report.path("texts").path("title").path("references").asInt()).isEqualTo(1);
    assertThat(report.path("tasks").path("tags").path("branches").asInt()).isEqualTo(2 * 2);
    assertThat(table.out.toString())
        .contains("classification kind          \n")
        .contains("classification tags          any number of labels\n")
        .contains("precision, recall            0.2500, 1.0000 at 0.5000 (n = 2)")
        .contains("title                        rougeL 1.0000 (n = 1)");
  }

  @Test
  void shouldNotMeasureAFileItCannotReadWhole() throws IOException {
    CommandRun run = new CommandRun(directory, SCRIPT);

    int exitCode = run.run(EvaluateCommand::new, INPUT + "{\n", "--input", "-");

    assertThat(exitCode).isEqualTo(1);
    assertThat(run.err.toString()).contains("cannot evaluate: line 5: it is no JSON");
    assertThat(run.out.toString()).isEmpty();
  }

  @Test
  void shouldRefuseToFitOnNothing() throws IOException {
    CommandRun run = new CommandRun(directory, SCRIPT);

    int exitCode =
        run.run(
            EvaluateCommand::new,
            "{\"id\":\"1\",\"text\":\"a\",\"reference\":{\"summary\":\"a mill\"}}\n",
            "--input",
            "-",
            "--fit-temperature");

    assertThat(exitCode).isEqualTo(1);
    assertThat(run.err.toString()).contains("nothing to fit a temperature on");
  }

  @Test
  void shouldRefuseToMeasureAgainstNothing() throws IOException {
    CommandRun run = new CommandRun(directory, SCRIPT);

    int exitCode =
        run.run(
            EvaluateCommand::new,
            "{\"id\":\"1\",\"text\":\"a\",\"summary\":\"in the wrong place\"}\n",
            "--input",
            "-");

    assertThat(exitCode).isEqualTo(1);
    assertThat(run.err.toString()).contains("nothing to compare with");
  }
}
