package dev.millrace.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.operations.config.AttemptKeys;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigException;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.KafkaKeys;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlinkSpecTest {
  private static final String MINIMAL =
      "{kafka.bootstrap.servers: 'b:1', schema.registry.url: 'http://r:1', model.dir: m";

  @TempDir private Path directory;

  private Config parse(String more, Map<String, String> environment) {
    return ConfigReader.parse(
        FlinkSpec.SPEC, "test.yaml", directory, MINIMAL + more + "}", environment);
  }

  @Test
  void shouldReadTheFileOfTheStreamsApplication() {
    Config config =
        ConfigReader.read(FlinkSpec.SPEC, Path.of("../../docs/examples/millrace.yaml"), Map.of());

    assertThat(config.get(FlinkKeys.JOB)).isEqualTo("millrace-flink");
    assertThat(config.get(AttemptKeys.ATTEMPTS_MAX)).isEqualTo(3);
    assertThat(config.printable()).doesNotContainKey("app.id");
  }

  @Test
  void shouldPassOverVariablesOfTheStreamsApplicationAndTakeItsOwn() {
    Config config = parse("", Map.of("MILLRACE_APP_ID", "streams", "MILLRACE_FLINK_CAPACITY", "7"));

    assertThat(config.get(FlinkKeys.CAPACITY)).isEqualTo(7);
  }

  /** It was passed over in silence, and outcomes came as they were ready. */
  @Test
  void shouldKeepTheOrderThatTheStreamsApplicationIsAskedFor() {
    assertThat(FlinkSpec.keepsOrder(parse("", Map.of()))).isFalse();
    assertThat(FlinkSpec.keepsOrder(parse(", processing.order: key", Map.of()))).isTrue();
    assertThat(FlinkSpec.keepsOrder(parse(", processing.order: partition", Map.of()))).isTrue();
    assertThat(FlinkSpec.keepsOrder(parse(", flink.order: subtask", Map.of()))).isTrue();
    assertThatThrownBy(() -> parse(", processing.order: kee", Map.of()))
        .hasMessageContaining("processing.order");
  }

  @Test
  void shouldNameWhatIsWrong() {
    assertThatThrownBy(() -> parse(", flink.capasity: 3", Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("flink.capasity")
        .hasMessageContaining("did you mean \"flink.capacity\"?");
    assertThatThrownBy(() -> parse(", flink.transaction.timeout: 15s", Map.of()))
        .hasMessageContaining("flink.transaction.timeout (15000ms) must be at least four times");
  }

  /** Secrets must not travel with the job: each task manager reads its own file. */
  @Test
  void shouldTravelAsTextWithTheNamesOfFilesInIt() throws Exception {
    Path file = directory.resolve("millrace.yaml");
    Files.writeString(directory.resolve("brokers"), "secret-broker:9092");
    Files.writeString(file, MINIMAL.replace("'b:1'", "'${file:brokers}'") + "}");
    JobConfig job = JobConfig.read(file, Map.of("HOME", "/root", "MILLRACE_FLINK_JOB", "mine"));

    byte[] bytes = bytes(job);

    assertThat(new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1))
        .doesNotContain("secret-broker", "/root");
    JobConfig arrived =
        (JobConfig) new ObjectInputStream(new ByteArrayInputStream(bytes)).readObject();
    assertThat(arrived).isEqualTo(job);
    assertThat(arrived.parse().get(KafkaKeys.BOOTSTRAP_SERVERS))
        .containsExactly("secret-broker:9092");
    assertThat(arrived.parse().get(FlinkKeys.JOB)).isEqualTo("mine");
  }

  private static byte[] bytes(JobConfig job) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ObjectOutputStream objects = new ObjectOutputStream(out)) {
      objects.writeObject(job);
    }
    return out.toByteArray();
  }
}
