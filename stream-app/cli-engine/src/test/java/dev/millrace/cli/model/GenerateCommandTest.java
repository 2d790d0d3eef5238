package dev.millrace.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Runs the bundled model; asserts how the command behaves, not what the model says. */
final class GenerateCommandTest {

  private static final String DEMO =
      Path.of(System.getProperty("millrace.root"), "inference-core/models/demo").toString();
  private static final String PROMPT =
      "This package contains a small library that reads PNG images.\n\nWhich section?";

  @Test
  void shouldPrintTheSameTextStreamedAndAsJson() throws IOException {
    CommandLineRun streamed = generate("--max-tokens", "12");
    CommandLineRun asJson = generate("--max-tokens", "12", "--json");

    assertThat(streamed.exitCode()).as(streamed.err()).isZero();
    assertThat(asJson.exitCode()).as(asJson.err()).isZero();
    JsonNode answer = new ObjectMapper().readTree(asJson.out());
    assertThat(streamed.out()).isEqualTo(answer.path("text").textValue() + System.lineSeparator());
    assertThat(answer.path("text").textValue()).isNotBlank();
    assertThat(answer.path("tokens").path("prompt").intValue()).isGreaterThan(15);
    assertThat(answer.path("tokens").path("generated").intValue()).isBetween(1, 13);
    assertThat(answer.path("finish").textValue()).isIn("stop", "length");
  }

  @Test
  void shouldEndAtTheLimit() throws IOException {
    CommandLineRun run = generate("--max-tokens", "1", "--json");

    JsonNode answer = new ObjectMapper().readTree(run.out());
    assertThat(answer.path("finish").textValue()).isEqualTo("length");
    assertThat(answer.path("tokens").path("generated").intValue()).isEqualTo(1);
  }

  @Test
  void shouldRepeatASeed() {
    String[] sampled = {"--max-tokens", "12", "--temperature", "1.5", "--seed", "7"};

    assertThat(generate(sampled).out()).isEqualTo(generate(sampled).out());
  }

  @Test
  void shouldRefuseNonsense() {
    assertThat(generate("--max-tokens", "0").exitCode()).isEqualTo(2);
    assertThat(generate("--temperature", "-1").err()).contains("temperature must be 0 or more");
    assertThat(generate("--top-p", "0").exitCode()).isEqualTo(2);
    assertThat(CommandLineRun.of("model", "generate", "--model", DEMO).exitCode()).isEqualTo(2);
    assertThat(CommandLineRun.of("model", "generate", "--model", DEMO, "--prompt", " ").exitCode())
        .isEqualTo(2);
    assertThat(generate("--backend", "abacus").exitCode()).isEqualTo(1);
  }

  @Test
  void shouldSayWhenThePromptIsTooLong() {
    CommandLineRun run =
        CommandLineRun.of("model", "generate", "--model", DEMO, "--prompt", "word ".repeat(20_000));

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("cannot generate: ").contains("TOO_LONG");
    assertThat(run.err()).doesNotContain("word");
  }

  private static CommandLineRun generate(String... more) {
    String[] arguments = new String[6 + more.length];
    System.arraycopy(
        new String[] {"model", "generate", "--model", DEMO, "--prompt", PROMPT},
        0,
        arguments,
        0,
        6);
    System.arraycopy(more, 0, arguments, 6, more.length);
    return CommandLineRun.of(arguments);
  }
}
