package dev.millrace.cli.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.cli.ExitCode;
import dev.millrace.cli.Launch;
import dev.millrace.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }

  @Test
  void shouldPrintHelpOnStandardOutputAndSucceed() {
    assertThat(run("--help")).isZero();

    assertThat(out.toString()).contains("Usage: millrace").contains("Exit codes: 0 success");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void shouldPrintTheVersionThatTheBuildWrote() {
    assertThat(run("--version")).isZero();

    assertThat(out.toString()).containsPattern("millrace \\d+\\.\\d+").doesNotContain("${");
  }

  @Test
  void shouldRefuseAnUnknownCommandWithCodeTwo() {
    assertThat(run("frobnicate")).isEqualTo(ExitCode.USAGE);

    assertThat(err.toString()).contains("frobnicate");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void shouldSuggestACommandForAMistypedOne() {
    assertThat(run("bensh")).isEqualTo(ExitCode.USAGE);

    assertThat(err.toString()).contains("bench");
  }

  @Test
  void shouldAskForACommandWhenThereIsNone() {
    assertThat(run()).isEqualTo(ExitCode.USAGE);

    assertThat(err.toString()).contains("which command?").contains("Usage: millrace");
  }

  @Test
  void shouldOfferHelpOnEveryCommand() {
    Deque<CommandLine> rest = new ArrayDeque<>();
    rest.add(Launch.found().commandLine());
    int seen = 0;
    while (!rest.isEmpty()) {
      CommandLine command = rest.remove();
      seen++;
      rest.addAll(command.getSubcommands().values());
      assertThat(command.getCommandSpec().findOption("--help"))
          .as("--help of %s", command.getCommandSpec().qualifiedName())
          .isNotNull();
      assertThat(command.getCommandSpec().usageMessage().description())
          .as("description of %s", command.getCommandSpec().qualifiedName())
          .isNotEmpty();
    }
    assertThat(seen).isGreaterThan(12);
  }

  @Test
  void shouldPrintWhatAnOperatorCanActOnAsItIs() {
    assertThat(run("topics", "check", "--config", "/nowhere/none.yaml")).isEqualTo(ExitCode.USAGE);

    assertThat(err.toString())
        .startsWith("millrace: cannot use the configuration")
        .doesNotContain("Exception:");
  }
}
