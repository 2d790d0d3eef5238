package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.servers.LocalBroker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong before the application runs is said in a line, with the right exit code. */
class StartUpIT {
  @TempDir private Path directory;

  @Test
  void shouldSayThatNoBrokerAnswers() throws IOException {
    Path file = StreamHarness.config(directory, "127.0.0.1:1", "http://127.0.0.1:2", Map.of());

    StreamHarness.Said said = StreamHarness.run("run", "--config", file.toString());

    assertThat(said.exitCode()).isEqualTo(1);
    assertThat(said.err()).contains("no broker answers at 127.0.0.1:1").doesNotContain("\tat ");
    assertThat(said.out()).isEmpty();
  }

  @Test
  void shouldSayThatTopicsAreMissingAndThatTheRegistryIsAway() throws IOException {
    try (LocalBroker broker = LocalBroker.start()) {
      Path file =
          StreamHarness.config(
              directory, broker.bootstrapServers(), "http://127.0.0.1:2", Map.of());

      StreamHarness.Said missing = StreamHarness.run("run", "--config", file.toString());
      StreamHarness.run("topics", "create", "--config", file.toString());
      StreamHarness.Said away = StreamHarness.run("run", "--config", file.toString());

      assertThat(missing.exitCode()).isEqualTo(1);
      assertThat(missing.err())
          .contains("topic documents does not exist")
          .contains("topic dead-letter-documents does not exist")
          .contains("millrace topics create");
      assertThat(away.exitCode()).isEqualTo(1);
      assertThat(away.err()).contains("127.0.0.1:2").contains("schema.registry.url");
    }
  }

  @Test
  void shouldReportAWrongConfigurationAsWrongUsage() throws IOException {
    Path file = directory.resolve("wrong.yaml");
    Files.writeString(file, "kafka.bootstrap.server: x:1\n");

    StreamHarness.Said said = StreamHarness.run("run", "--config", file.toString());

    assertThat(said.exitCode()).isEqualTo(2);
    assertThat(said.err()).contains("did you mean \"kafka.bootstrap.servers\"?");
  }
}
