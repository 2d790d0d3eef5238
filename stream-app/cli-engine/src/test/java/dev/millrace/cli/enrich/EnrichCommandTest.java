package dev.millrace.cli.enrich;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.enrichment.testing.Script;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnrichCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Script ECHO =
      (prompt, instruction) -> instruction + "(" + prompt.length() + ")";

  @TempDir private Path directory;

  @Test
  void shouldWriteOneLineForEachLineInOrder() throws IOException {
    CommandRun run = new CommandRun(directory, ECHO);
    String input =
        IntStream.range(0, 3000)
            .mapToObj(i ->
                String.format(
                    Locale.ROOT, "{\"id\":\"d%d\",\"text\":\"%s\"}\n", i, "x".repeat(1 + i % 90)))
            .collect(Collectors.joining());

    int exitCode = run.run(EnrichCommand::new, input, "--input", "-", "--output", "-");

    assertThat(exitCode).isZero();
    List<String> lines = run.outLines();
    assertThat(lines).hasSize(3000);
    for (int i = 0; i < lines.size(); i++) {
      JsonNode line = JSON.readTree(lines.get(i));
      int length = 1 + i % 90;
      assertThat(line.path("id").asText()).isEqualTo("d" + i);
      assertThat(line.path("summary").asText())
          .isEqualTo(String.format(Locale.ROOT, "/sum(%d)", length));
      assertThat(line.path("translations").path("it").asText())
          .isEqualTo(String.format(Locale.ROOT, "/it(%d)", length));
      assertThat(line.path("classification").path("distribution").size()).isEqualTo(2);
      assertThat(line.path("usage").path("documentTokens").asInt()).isEqualTo(length);
    }
    assertThat(run.err.toString()).contains("done: 3000 documents, 3000 enriched");
  }

  @Test
  void shouldAskForTheBackendAndArithmeticThatWereNamed() throws IOException {
    CommandRun run = new CommandRun(directory, ECHO);
    String[] files = {"--input", "-", "--output", "-"};

    run.run(EnrichCommand::new, "", files);
    assertThat(run.asked).isEqualTo(EngineOptions.DEFAULTS);

    String[] named = {"--backend", "cuda", "--arithmetic", "f32"};
    run.run(
        EnrichCommand::new,
        "",
        Stream.concat(Stream.of(files), Stream.of(named)).toArray(String[]::new));
    assertThat(run.asked)
        .isEqualTo(EngineOptions.DEFAULTS.withBackend("cuda").withArithmetic(Arithmetic.F32));
  }

  @Test
  void shouldGiveEveryBadLineItsReasonAndGoOn() throws IOException {
    CommandRun run = new CommandRun(directory, ECHO);
    Path in = directory.resolve("in.jsonl");
    Path out = directory.resolve("out.jsonl");
    String broken = "{\u00ff}"; // in Latin-1, the byte 0xff: never UTF-8
    Files.write(
        in,
        List.of(
            "{\"id\":\"good\",\"text\":\"a\",\"language\":\"it\"}",
            "{\"id\":\"cut\",\"text\":\"SECRET",
            "",
            "[1]",
            "{\"text\":\"SECRET\"}",
            "{\"id\":\"silent\"}",
            "{\"id\":\"empty\",\"text\":\" \"}",
            "{\"id\":\"half\",\"text\":\"\\ud83d\"}",
            broken,
            "{\"id\":\"long\",\"text\":\"" + "word ".repeat(99) + "\"}",
            "{\"id\":\"two\",\"text\":\"a\"} {}",
            "{\"id\":17,\"text\":\"last\"}"),
        StandardCharsets.ISO_8859_1);

    int exitCode =
        run.run(EnrichCommand::new, "", "--input", in.toString(), "--output", out.toString());

    assertThat(exitCode).isZero();
    List<String> results =
        Files.readAllLines(out).stream().map(EnrichCommandTest::idAndReason).toList();
    assertThat(results)
        .containsExactly(
            "good -",
            "null UNDECODABLE",
            "null UNDECODABLE",
            "null INVALID_DOCUMENT",
            "silent INVALID_DOCUMENT",
            "empty INVALID_DOCUMENT",
            "half INVALID_TEXT",
            "null INVALID_TEXT",
            "long TOO_LONG",
            "null UNDECODABLE",
            "17 -");
    assertThat(Files.readString(out)).contains("line 2: ", "line 9: ").doesNotContain("SECRET");
    assertThat(run.err.toString())
        .contains("done: 11 documents, 2 enriched, 0 quarantined, 9 failed")
        .contains("UNDECODABLE 3")
        .doesNotContain("SECRET");
  }

  @Test
  void shouldPassOverAByteOrderMarkAndBlankLines() throws IOException {
    CommandRun run = new CommandRun(directory, ECHO);
    String input =
        """
        \ufeff
        \ufeff{"id":"1","text":"a"}\r
        \t
        \r
        {"id":1e2,"text":"a"}
        {"id":12345678901234567890,"text":"a"}

        """;

    int exitCode = run.run(EnrichCommand::new, input, "--input", "-", "--output", "-");

    assertThat(exitCode).isZero();
    assertThat(run.outLines().stream().map(EnrichCommandTest::idAndReason))
        .containsExactly("1 -", "null INVALID_DOCUMENT", "12345678901234567890 -");
    assertThat(run.outLines().get(1))
        .contains("line 5: field id: expected a text or a whole number, found number");
  }

  @Test
  void shouldNotLetALineThatIsNoUnicodeCostTheFile() throws IOException {
    CommandRun run = new CommandRun(directory, ECHO);
    Path out = directory.resolve("out.jsonl");
    String input =
        """
        {"id":"ok1","text":"A Python library."}
        {"id":"bad\\ud83d","text":"A Python library."}
        {"id":"b","text":"c","title":"cut \\ud83d"}
        {"id":"c","text":"c","language":"\\ude00"}
        {"id":"d","text":"c","attributes":{"\\ud83d":"v"}}
        {"id":"e","text":"c","createdAt":"+1000000000-12-31T23:59:59Z"}
        {"id":"ok2","text":"A Java library."}
        """;

    int exitCode = run.run(EnrichCommand::new, input, "--input", "-", "--output", out.toString());

    assertThat(exitCode).isZero();
    assertThat(Files.readAllLines(out).stream().map(EnrichCommandTest::idAndReason))
        .containsExactly(
            "ok1 -",
            "null INVALID_TEXT",
            "b INVALID_TEXT",
            "c INVALID_TEXT",
            "d INVALID_TEXT",
            "e INVALID_DOCUMENT",
            "ok2 -");
    assertThat(Files.readString(out)).contains("line 2: field id is no Unicode");
  }

  @Test
  void shouldLeaveNothingBehindWhenTheEngineIsLost() throws IOException {
    Script lost =
        new Script() {
          @Override
          public String generate(String prompt, String instruction) {
            return "x";
          }

          @Override
          public Optional<Reason> failure(String prompt) {
            return prompt.equals("b") ? Optional.of(Reason.ENGINE_FAILED) : Optional.empty();
          }
        };
    CommandRun run = new CommandRun(directory, lost);
    Path out = Files.writeString(directory.resolve("out.jsonl"), "from before\n");
    String input = "{\"id\":\"1\",\"text\":\"a\"}\n{\"id\":\"2\",\"text\":\"b\"}\n";

    int exitCode = run.run(EnrichCommand::new, input, "--input", "-", "--output", out.toString());

    assertThat(exitCode).isEqualTo(1);
    assertThat(run.err.toString()).contains("the engine gave up: scripted ENGINE_FAILED");
    assertThat(out).hasContent("from before\n");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("model", "out.jsonl");
    }
  }

  @Test
  void shouldTryAgainWhenTheEngineIsFull() throws IOException {
    AtomicInteger refusals = new AtomicInteger(5);
    Script full =
        new Script() {
          @Override
          public String generate(String prompt, String instruction) {
            return "x";
          }

          @Override
          public Optional<Reason> failure(String prompt) {
            return refusals.getAndDecrement() > 0
                ? Optional.of(Reason.OVERLOADED)
                : Optional.empty();
          }
        };
    CommandRun run = new CommandRun(directory, full);
    String input = "{\"id\":\"1\",\"text\":\"a\"}\n{\"id\":\"2\",\"text\":\"b\"}\n";

    int exitCode = run.run(EnrichCommand::new, input, "--input", "-", "--output", "-");

    assertThat(exitCode).isZero();
    assertThat(run.outLines()).hasSize(2).allMatch(line -> line.contains("\"summary\":\"x\""));
  }

  @Test
  void shouldTellWrongArgumentsFromFailures() throws IOException {
    Path plan = Files.writeString(directory.resolve("plan.yaml"), "promptVersion: a\ntask: {}\n");

    CommandRun noInput = new CommandRun(directory, ECHO);
    assertThat(noInput.run(EnrichCommand::new, "", "--output", "-")).isEqualTo(2);
    CommandRun badPlan = new CommandRun(directory, ECHO);
    assertThat(
            badPlan.run(
                EnrichCommand::new, "", "--plan", plan.toString(), "--input", "-", "--output", "-"))
        .isEqualTo(2);
    assertThat(badPlan.err.toString()).contains("line 2: unknown key task (did you mean");
    CommandRun noFile = new CommandRun(directory, ECHO);
    assertThat(
            noFile.run(
                EnrichCommand::new, "", "--input", directory + "/none.jsonl", "--output", "-"))
        .isEqualTo(1);
    assertThat(noFile.err.toString()).contains("no such file", "none.jsonl");
    CommandRun noDirectory = new CommandRun(directory, ECHO);
    assertThat(
            noDirectory.run(
                EnrichCommand::new, "", "--input", "-", "--output", directory + "/no/out.jsonl"))
        .isEqualTo(1);
    assertThat(noDirectory.err.toString()).contains("cannot write the output beside");
  }

  private static String idAndReason(String line) {
    try {
      JsonNode node = JSON.readTree(line);
      return node.path("id").asText() + " " + node.path("error").path("reason").asText("-");
    } catch (IOException e) {
      throw new AssertionError("no JSON: " + line, e);
    }
  }
}
