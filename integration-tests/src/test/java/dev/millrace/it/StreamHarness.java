package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.cli.Main;
import dev.millrace.servers.LocalServers;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the stream's tests share: a configuration file, and commands run in this process. */
final class StreamHarness {

  /**
   * How long a test waits for what must come: much longer than it takes, for a machine that is busy
   * with other things. Only a failure waits for all of it.
   */
  static final Duration PATIENCE = Duration.ofMinutes(3);

  private StreamHarness() {}

  /** What a command said. */
  record Said(int exitCode, String out, String err) {}

  /** Runs a command as the command line does, without exiting. */
  static Said run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    return new Said(exitCode, out.toString(), err.toString());
  }

  /** The same for a command that must succeed; gives what it printed. */
  static String succeed(String... arguments) {
    Said said = run(arguments);
    assertThat(said.exitCode()).as("%s: %s", List.of(arguments), said.err()).isZero();
    return said.out();
  }

  /** Writes a configuration for small local servers; {@code more} wins. */
  static Path config(
      Path directory, String bootstrapServers, String registryUrl, Map<String, String> more)
      throws IOException {
    StringBuilder yaml = new StringBuilder();
    Map<String, String> all = new TreeMap<>();
    all.put("kafka.bootstrap.servers", bootstrapServers);
    all.put("schema.registry.url", registryUrl);
    all.put("model.dir", "none");
    all.put("app.id", "it");
    all.put("app.instance.id", "one");
    all.put("app.state.dir", "state");
    all.put("app.session.timeout", "6s");
    all.put("app.heartbeat.interval", "1s");
    all.put("app.threads", "1");
    all.put("app.replication.factor", "1");
    all.put("topics.replication.factor", "1");
    all.put("topics.partitions", "2");
    all.put("health.port", "0");
    all.putAll(more);
    all.forEach((key, value) -> yaml.append(key).append(": \"").append(value).append("\"\n"));
    Path file = directory.resolve("millrace.yaml");
    Files.writeString(file, yaml);
    return file;
  }

  static Path config(Path directory, LocalServers servers, Map<String, String> more)
      throws IOException {
    return config(directory, servers.broker().bootstrapServers(), servers.registry().url(), more);
  }

  /** Options of a child JVM that put it where this one is: another language and time zone. */
  static List<String> place() {
    return List.of(System.getProperty("millrace.test.place", "-ea").split(" "));
  }

  /** The project's root. */
  static Path root() {
    return Path.of(System.getProperty("millrace.root", "..")).toAbsolutePath().normalize();
  }
}
