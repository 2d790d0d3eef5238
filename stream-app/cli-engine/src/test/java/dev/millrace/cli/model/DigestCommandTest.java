package dev.millrace.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DigestCommandTest {
  @TempDir private Path directory;

  @Test
  void shouldCompareWholeDigestsAndTheirBeginnings() throws IOException {
    String model = GoldenFiles.unpack("llama3", directory).toString();

    CommandLineRun first = CommandLineRun.of("model", "digest", model);
    String digest = first.out().strip();
    CommandLineRun whole = CommandLineRun.of("model", "digest", model, "--expect", digest);
    CommandLineRun start =
        CommandLineRun.of("model", "digest", model, "--expect", digest.substring(0, 12));

    assertThat(digest).matches("[0-9a-f]{64}");
    assertThat(whole.exitCode()).as(whole.err()).isZero();
    assertThat(start.exitCode()).as(start.err()).isZero();
  }

  @Test
  void shouldFailWhereAFileIsAnother() throws IOException {
    Path model = GoldenFiles.unpack("llama3", directory);
    String digest = CommandLineRun.of("model", "digest", model.toString()).out().strip();
    Files.writeString(model.resolve("config.json"), "\n", StandardOpenOption.APPEND);

    CommandLineRun run = CommandLineRun.of("model", "digest", model.toString(), "--expect", digest);

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("expected " + digest).contains("copy them again");
  }

  @Test
  void shouldRefuseWhatIsNoDigest() {
    CommandLineRun run = CommandLineRun.of("model", "digest", ".", "--expect", "latest");

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("at least 12 hexadecimal digits");
  }
}
