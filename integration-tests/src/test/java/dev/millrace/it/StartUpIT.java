package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.servers.LocalBroker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
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
  void shouldSayWhatIsMissingOrTooOld() throws Exception {
    try (LocalBroker broker = LocalBroker.start()) {
      Path file =
          StreamHarness.config(
              directory, broker.bootstrapServers(), "http://127.0.0.1:2", Map.of());

      StreamHarness.Said missing = StreamHarness.run("run", "--config", file.toString());
      StreamHarness.run("topics", "create", "--config", file.toString());
      StreamHarness.Said away = StreamHarness.run("run", "--config", file.toString());

      downgradeTransactions(broker);
      StreamHarness.Said early = StreamHarness.run("run", "--config", file.toString());
      StreamHarness.Said warned = StreamHarness.run("topics", "check", "--config", file.toString());

      assertThat(early.exitCode()).isEqualTo(1);
      assertThat(early.err())
          .contains("transaction.version 1, expected at least 2")
          .contains("kafka.unsafe.transaction.version.min");
      assertThat(warned.exitCode()).isEqualTo(1);
      assertThat(warned.err()).contains("transaction.version 1");
      assertThat(missing.exitCode()).isEqualTo(1);
      assertThat(missing.err())
          .contains("topic documents does not exist")
          .contains("topic dead-letter-documents does not exist")
          .contains("millrace topics create");
      assertThat(away.exitCode()).isEqualTo(1);
      assertThat(away.err()).contains("127.0.0.1:2").contains("schema.registry.url");
    }
  }

  private static void downgradeTransactions(LocalBroker broker) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      admin
          .updateFeatures(
              Map.of(
                  "transaction.version",
                  new FeatureUpdate((short) 1, FeatureUpdate.UpgradeType.SAFE_DOWNGRADE)),
              new UpdateFeaturesOptions())
          .all()
          .get(StreamHarness.PATIENCE.toSeconds(), TimeUnit.SECONDS);
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
