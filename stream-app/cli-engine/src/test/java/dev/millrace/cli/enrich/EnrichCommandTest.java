package dev.millrace.cli.enrich;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.enrichment.testing.Script;
import java.io.IOException;
import java.io.OutputStream;
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
import java.util.zip.GZIPOutputStream;
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

  /** Fails on a text, as an engine that is lost does. */
  static Script lostAt(String text) {
    return new Script() {
      @Override
      public String generate(String prompt, String instruction) {
        return "x";
      }

      @Override
      public Optional<Reason> failure(String prompt) {
        return prompt.equals(text) ? Optional.of(Reason.ENGINE_FAILED) : Optional.empty();
      }
    };
  }

  @Test
  void shouldKeepWhatItHasWhenTheEngineIsLostAndGoOnWithIt() throws IOException {
    CommandRun run = new CommandRun(directory, lostAt("b"));
    Path out = directory.resolve("out.jsonl");
    Path in =
        Files.writeString(
            directory.resolve("in.jsonl"),
            """
            {"id":"1","text":"a"}

            {"id":"2","text":"b"}
            {"id":"3","text":
            {"id":"4","text":"c"}
            """);
    String[] files = {"--input", in.toString(), "--output", out.toString()};

    assertThat(run.run(EnrichCommand::new, "", files)).isEqualTo(1);
    assertThat(run.err.toString())
        .contains("the engine gave up: scripted ENGINE_FAILED")
        .contains("the results of 1 lines are in " + out + ".partial: go on with --resume");
    assertThat(out).doesNotExist();

    CommandRun again = new CommandRun(directory, lostAt("none"));
    assertThat(again.run(EnrichCommand::new, "", files)).isEqualTo(2);
    assertThat(again.err.toString()).contains("go on with --resume, or begin anew with --force");

    String whole = Files.readString(in);
    Files.writeString(in, whole.replace("\"a\"", "\"A\""));
    CommandRun other = new CommandRun(directory, lostAt("none"));
    assertThat(other.run(EnrichCommand::new, "", with(files, "--resume"))).isEqualTo(1);
    assertThat(other.err.toString()).contains("cannot resume: the first 1 lines of the input");
    Files.writeString(in, whole);

    CommandRun resumed = new CommandRun(directory, lostAt("none"));
    assertThat(resumed.run(EnrichCommand::new, "", with(files, "--resume")))
        .as(resumed.err.toString())
        .isZero();
    assertThat(Files.readAllLines(out).stream().map(EnrichCommandTest::idAndReason).toList())
        .containsExactly("1 -", "2 -", "null UNDECODABLE", "4 -");
    assertThat(JSON.readTree(Files.readAllLines(out).get(2)).path("line").asInt()).isEqualTo(4);
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("model", "in.jsonl", "out.jsonl");
    }
  }

  @Test
  void shouldNeverReplaceInputOrResultsUnasked() throws IOException {
    Path in = Files.writeString(directory.resolve("in.jsonl"), "{\"id\":\"1\",\"text\":\"a\"}\n");
    Path out = Files.writeString(directory.resolve("out.jsonl"), "from before\n");
    String[] onto = {"--input", in.toString(), "--output", in.toString(), "--force"};
    String[] files = {"--input", in.toString(), "--output", out.toString()};

    CommandRun itself = new CommandRun(directory, ECHO);
    assertThat(itself.run(EnrichCommand::new, "", onto)).isEqualTo(2);
    assertThat(itself.err.toString()).contains("is the input");
    CommandRun there = new CommandRun(directory, ECHO);
    assertThat(there.run(EnrichCommand::new, "", files)).isEqualTo(2);
    assertThat(there.err.toString()).contains("replace it with --force");
    assertThat(out).hasContent("from before\n");
    CommandRun forced = new CommandRun(directory, ECHO);
    assertThat(forced.run(EnrichCommand::new, "", with(files, "--force"))).isZero();
    assertThat(Files.readAllLines(out)).hasSize(1).allMatch(line -> line.contains("\"id\":\"1\""));
  }

  @Test
  void shouldFailWhereTooManyDocumentsDo() throws IOException {
    String half = "{\"id\":\"1\",\"text\":\"a\"}\n{\"id\":\"2\"}\n";
    String[] files = {"--input", "-", "--output", "-"};

    CommandRun accepted = new CommandRun(directory, ECHO);
    assertThat(accepted.run(EnrichCommand::new, half, with(files, "--fail-above", "0.5"))).isZero();
    CommandRun tooMany = new CommandRun(directory, ECHO);
    assertThat(tooMany.run(EnrichCommand::new, half, with(files, "--fail-above", "0.4")))
        .isEqualTo(1);
    assertThat(tooMany.err.toString()).contains("50.0 % of the documents failed");
    CommandRun none = new CommandRun(directory, ECHO);
    assertThat(none.run(EnrichCommand::new, "{\"id\":\"2\"}\n", files)).isEqualTo(1);
    assertThat(none.err.toString()).contains("no document was enriched");
    assertThat(none.outLines()).hasSize(1);
  }

  @Test
  void shouldReadWhatIsCompressed() throws IOException {
    Path in = directory.resolve("in.jsonl.gz");
    try (OutputStream file = new GZIPOutputStream(Files.newOutputStream(in))) {
      file.write("{\"id\":\"1\",\"text\":\"a\"}\n".getBytes(StandardCharsets.UTF_8));
    }
    Path plain = Files.writeString(directory.resolve("plain.gz"), "{\"id\":\"1\"}\n");

    CommandRun run = new CommandRun(directory, ECHO);
    assertThat(run.run(EnrichCommand::new, "", "--input", in.toString(), "--output", "-")).isZero();
    assertThat(run.outLines()).hasSize(1);
    CommandRun wrong = new CommandRun(directory, ECHO);
    assertThat(wrong.run(EnrichCommand::new, "", "--input", plain.toString(), "--output", "-"))
        .isEqualTo(1);
    assertThat(wrong.err.toString()).contains("is not compressed with gzip");
  }

  private static String[] with(String[] arguments, String... more) {
    return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
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
