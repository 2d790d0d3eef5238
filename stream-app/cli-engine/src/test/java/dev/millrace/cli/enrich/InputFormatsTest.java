package dev.millrace.cli.enrich;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What `enrich` reads besides JSON Lines. */
final class InputFormatsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  private CommandRun run;

  @BeforeEach
  void renew() throws IOException {
    run =
        new CommandRun(
            directory, (prompt, instruction) -> instruction + "(" + prompt.length() + ")");
  }

  private int enrich(Path in, String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--input", in.toString(), "--output", "-"));
    arguments.addAll(List.of(options));
    renew();
    return run.run(EnrichCommand::new, "", arguments.toArray(String[]::new));
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  /** The id and how long the text was, or why there is none. */
  private List<String> results() throws IOException {
    List<String> results = new ArrayList<>();
    for (String line : run.outLines()) {
      JsonNode outcome = JSON.readTree(line);
      results.add(
          outcome.path("id").asText("-")
              + " "
              + (outcome.has("error")
                  ? outcome.path("error").path("reason").asText()
                  : outcome.path("usage").path("documentTokens").asText()));
    }
    return results;
  }

  @Test
  void shouldReadElementsOfAnArrayEachByItself() throws IOException {
    Path in =
        file(
            "in.json",
            """
            \ufeff [ {"id":"a","text":"one [, \\"two\\" ]"},
              {"id":"b","text":17}, 18,
              {"id":"c", "text":"three", }, {"id":"d","text":"four"}]
            """);

    assertThat(enrich(in)).as(() -> run.err.toString()).isZero();
    assertThat(results())
        .containsExactly("a 14", "b INVALID_DOCUMENT", "- UNDECODABLE", "- UNDECODABLE", "d 4");
    assertThat(run.outLines().get(3)).contains("\"line\":3", "element 4 (line 3)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[{\"id\":\"a\",\"text\":\"x\"},          | ends after element 1",
        "[{\"id\":\"a\",\"text\":\"x              | in element 1, which begins on line 1",
        "[{\"id\":\"a\",\"text\":\"x\"}] [        | something follows the array",
      })
  void shouldSayWhereAnArrayIsBroken(String text, String message) throws IOException {
    Path in = file("in.json", text);
    assertThat(enrich(in)).isEqualTo(1);
    assertThat(run.err.toString().replaceAll("\\s+", " ")).contains(message).contains("in.json");
  }

  @Test
  void shouldTakeAFileOfLinesThatIsCalledJson() throws IOException {
    assertThat(enrich(file("in.json", "{\"id\":\"a\",\"text\":\"x\"}\n"))).isZero();
    assertThat(results()).containsExactly("a 1");
  }

  @Test
  void shouldReadColumnsWhateverTheyAreCalled() throws IOException {
    Path in =
        file(
            "in.csv",
            "number;body;attributes.shop\n1;\"a; \"\"b\"\"\n c\";x\n2;two;\n3;\n4;four;y\n");

    assertThat(enrich(in)).isEqualTo(1);
    assertThat(run.err.toString()).contains("parted by semicolons? Say --delimiter ';'");

    String[] named = {"--delimiter", ";", "--field", "id=number", "--field", "text=body"};
    assertThat(enrich(in, named)).as(() -> run.err.toString()).isZero();
    assertThat(results().getFirst()).isEqualTo("1 9");
    assertThat(results().get(1)).isEqualTo("2 3");
    assertThat(results().getLast()).isEqualTo("4 4");
    assertThat(results().get(2)).as("a row without all its columns").isEqualTo("- UNDECODABLE");
  }

  @Test
  void shouldReadTextFilesInTheOrderOfTheirNames() throws IOException {
    Path texts = Files.createDirectories(directory.resolve("texts/below"));
    Files.writeString(texts.resolve("b.md"), "four");
    Files.writeString(texts.resolveSibling("a.txt"), "one");
    Files.writeString(texts.resolveSibling("c.pdf"), "no text");
    Files.write(texts.resolveSibling("z.txt"), new byte[] {(byte) 0xff});
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(texts.resolveSibling("d.txt.gz")))) {
      out.write("packed".getBytes(StandardCharsets.UTF_8));
    }

    assertThat(enrich(directory.resolve("texts"))).as(() -> run.err.toString()).isZero();
    assertThat(results())
        .containsExactly("a.txt 3", "below/b.md 4", "d.txt.gz 6", "z.txt INVALID_TEXT");
  }

  @ParameterizedTest
  @CsvSource({"in.csv", "in.json"})
  void shouldResumeBehindWhatIsDone(String name) throws IOException {
    Path in =
        file(
            name,
            name.endsWith("csv")
                ? "id,text\n1,a\n2,b\n3,c\n"
                : "[{\"id\":\"1\",\"text\":\"a\"},{\"id\":\"2\",\"text\":\"b\"},\n"
                    + "{\"id\":\"3\",\"text\":\"c\"}]");
    Path out = directory.resolve("out.jsonl");
    String[] files = {"--input", in.toString(), "--output", out.toString()};
    CommandRun lost = new CommandRun(directory, EnrichCommandTest.lostAt("b"));
    assertThat(lost.run(EnrichCommand::new, "", files)).isEqualTo(1);

    CommandRun resumed = new CommandRun(directory, EnrichCommandTest.lostAt("none"));
    String[] again = {"--input", in.toString(), "--output", out.toString(), "--resume"};
    assertThat(resumed.run(EnrichCommand::new, "", again)).as(resumed.err.toString()).isZero();
    CommandRun whole = new CommandRun(directory, EnrichCommandTest.lostAt("none"));
    String[] anew = {"--input", in.toString(), "--output", "-"};
    assertThat(whole.run(EnrichCommand::new, "", anew)).isZero();

    assertThat(Files.readAllLines(out).stream().map(InputFormatsTest::unmeasured))
        .hasSize(3)
        .containsExactlyElementsOf(
            whole.outLines().stream().map(InputFormatsTest::unmeasured).toList());
  }

  private static String unmeasured(String line) {
    return line.replaceAll("\"enrichedAt\":\"[^\"]+\"", "");
  }

  @Test
  void shouldTellOfAnUnknownKeyOnce() throws IOException {
    String line = "{\"id\":\"%s\",\"text\":\"x\",\"langage\":\"it\"}\n";
    assertThat(enrich(file("in.jsonl", line.replace("%s", "a") + line.replace("%s", "b"))))
        .isZero();

    String said = run.err.toString();
    assertThat(said).contains("line 1 has \"langage\", which is not read").contains("language");
    assertThat(said.split("langage", -1)).hasSize(2);
  }

  @Test
  void shouldRefuseWhatIsNoInput() throws IOException {
    assertThat(enrich(directory.resolve("none.csv"))).isEqualTo(1);
    assertThat(run.err.toString()).contains("no such file " + directory.resolve("none.csv"));

    assertThat(enrich(Files.createDirectories(directory.resolve("empty")))).isEqualTo(1);
    assertThat(run.err.toString()).contains("has no text files");

    assertThat(enrich(file("in.csv.gz", "id,text\n"))).isEqualTo(1);
    assertThat(run.err.toString()).contains("not compressed with gzip, as its name says");

    assertThat(enrich(file("in.csv", "id,text\n"), "--field", "txt=text")).isEqualTo(2);
    assertThat(run.err.toString()).contains("a document has no field txt");
  }
}
