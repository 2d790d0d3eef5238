package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.millrace.servers.LocalServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** `run` from the launcher leaves its classes behind while it works, and is killed all the same. */
class SharedClassesIT {
  private static final Path ROOT = StreamHarness.root();

  @TempDir private Path directory;

  @Test
  void shouldMapItsClassesAfterAKill() throws Exception {
    assumeThat(Files.isDirectory(ROOT.resolve("stream-app/cli/target/lib")))
        .as("SKIPPED, because the launcher's class path is not there; `mvn package` makes it")
        .isTrue();
    try (LocalServers servers = LocalServers.start()) {
      Path file =
          StreamHarness.config(
              directory,
              servers.broker().bootstrapServers(),
              servers.registry().url(),
              Map.of("model.dir", ROOT.resolve("inference-core/models/demo").toString()));
      StreamHarness.succeed("topics", "create", "--config", file.toString());
      StreamHarness.succeed("schemas", "register", "--config", file.toString());

      String first = killedAfter(file, "the next start maps its classes from");
      assertThat(first).contains(": running");
      assertThat(kept()).singleElement().asString().matches("classes-run-[0-9a-f]{24}\\.jsa");

      assertThat(killedAfter(file, ": running")).doesNotContain("ClassArchive");
      assertThat(kept()).hasSize(1);
    }
  }

  private List<String> kept() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("cache"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private String killedAfter(Path config, String line) throws Exception {
    Path log = Files.createTempFile(directory, "run", ".log");
    ProcessBuilder builder =
        new ProcessBuilder(
                ROOT.resolve("millrace").toString(), "run", "--config", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("MILLRACE_NO_BUILD", "1");
    builder.environment().put("MILLRACE_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("MILLRACE_CACHE", directory.resolve("cache").toString());
    Process process = builder.start();
    try {
      long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
      while (!Files.readString(log).contains(line)) {
        assertThat(process.isAlive() && System.nanoTime() - deadline < 0)
            .as(() -> read(log))
            .isTrue();
        TimeUnit.MILLISECONDS.sleep(100);
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    return Files.readString(log);
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
