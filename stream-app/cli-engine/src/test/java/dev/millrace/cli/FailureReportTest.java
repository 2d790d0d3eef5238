package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class FailureReportTest {
  private final StringWriter err = new StringWriter();

  private int report(Exception failure, boolean known) {
    MillraceCommand root = new MillraceCommand();
    FailureReport report =
        new FailureReport(
            root,
            text -> text.replace("hunter2", "***"),
            _ -> known ? OptionalInt.of(ExitCode.STOPPED) : OptionalInt.empty());
    CommandLine line = new CommandLine(root).setErr(new PrintWriter(err, true));
    return report.handleExecutionException(failure, line, line.parseArgs());
  }

  @Test
  void shouldPrintAKnownFailureAsItIs() {
    int code = report(CommandException.failure("no such topic: x; create it"), true);

    assertThat(err.toString().strip()).isEqualTo("millrace: no such topic: x; create it");
    assertThat(code).isEqualTo(ExitCode.STOPPED);
  }

  @Test
  void shouldNameTypeAndCauseOfAForeignFailureInOneLine() {
    int code = report(new IllegalStateException("cannot open", new IOException("denied")), false);

    assertThat(err.toString().strip())
        .contains("IllegalStateException: cannot open")
        .contains("IOException: denied")
        .contains("--debug")
        .doesNotContain("\n");
    assertThat(code).isEqualTo(ExitCode.FAILURE);
  }

  @Test
  void shouldMaskSecrets() {
    int _ = report(new IllegalStateException("password hunter2"), false);

    assertThat(err.toString()).contains("password ***").doesNotContain("hunter2");
  }
}
