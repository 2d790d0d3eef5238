package dev.millrace.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavaCommandTest {

  @TempDir private Path directory;

  @Test
  void shouldQuoteForTheLaunchersArgumentFile() {
    assertThat(JavaCommand.quote("a \"b\" c:\\d")).isEqualTo("\"a \\\"b\\\" c:\\\\d\"");
    assertThatThrownBy(() -> JavaCommand.quote("a\nb"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldNameItsDirectoryAndHideTheEnvironment() throws IOException {
    JavaCommand command =
        new JavaCommand(
            List.of("-Xmx32m"),
            Map.of("key", "value"),
            List.of(Path.of("a.jar")),
            "Main",
            List.of());

    ProcessBuilder builder = command.prepare("broker", directory, directory.resolve("log"));

    assertThat(builder.command()).last().asString().contains(directory.toString());
    assertThat(builder.environment().keySet())
        .isSubsetOf("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "TMPDIR");
    assertThat(Files.readAllLines(directory.resolve("broker.args")))
        .contains("\"-Dkey=value\"", "\"-Xmx32m\"", "\"a.jar\"", "\"Main\"");
  }

  @Test
  void shouldShowTheEndOfALog() throws IOException {
    Path log = directory.resolve("log");
    assertThat(LogTail.of(log, 3)).contains("cannot be read");
    Files.writeString(log, "\n");
    assertThat(LogTail.of(log, 3)).contains("empty");
    Files.writeString(log, "x".repeat(20_000) + "\none\ntwo\n\nthree\nfour\n");

    assertThat(LogTail.of(log, 3)).endsWith("  | two%n  | three%n  | four".formatted());
    assertThat(LogTail.of(log, 100)).hasSizeLessThan(10_000);
  }

  @Test
  void shouldRefuseNonsense() {
    assertThatThrownBy(() -> new Patience(Duration.ofMillis(5), Duration.ofSeconds(1)))
        .hasMessageContaining("ready must be PT1S..PT10M, got PT0.005S");
    assertThatThrownBy(() -> ServerOptions.BROKER.withPort(70_000))
        .hasMessage("port must be 0..65535, got 70000");
    assertThatThrownBy(() ->
            new ServerOptions(
                0,
                1,
                Map.of(),
                java.util.Optional.empty(),
                Patience.DEFAULT,
                0,
                java.util.Optional.empty()))
        .hasMessage("heapMegabytes must be 128..65536, got 1");
  }
}
