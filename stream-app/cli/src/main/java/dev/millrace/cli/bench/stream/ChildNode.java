package dev.millrace.cli.bench.stream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link BenchNode} in a JVM of its own, made to be killed. Used by one thread. */
public final class ChildNode implements AutoCloseable {
  private static final int HEAP_MEGABYTES = 768;
  private static final int KILLED_SECONDS_MAX = 10;

  private final List<String> command;
  private final Path log;
  private final Path temporary;
  private Process process;

  private ChildNode(List<String> command, Path directory, String name) {
    this.command = command;
    this.log = directory.resolve(name + ".log");
    this.temporary = directory.resolve(name + "-tmp");
    this.process = launch();
  }

  /**
   * Starts one.
   *
   * @param name of its log in {@code directory}
   * @param arguments of {@link BenchNode}
   */
  public static ChildNode start(Path directory, String name, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx" + HEAP_MEGABYTES + "m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=4",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Djava.io.tmpdir=" + directory.resolve(name + "-tmp"),
            own("user.language"),
            own("user.country"),
            own("user.timezone"),
            "-cp",
            System.getProperty("java.class.path"),
            BenchNode.class.getName()));
    command.addAll(List.of(arguments));
    return new ChildNode(command, directory, name);
  }

  /** The child lives where this process does, in whatever language and time zone that is. */
  private static String own(String property) {
    return "-D" + property + "=" + System.getProperty(property, "");
  }

  private Process launch() {
    try {
      Files.createDirectories(temporary);
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + log.getFileName(), e);
    }
  }

  /** Its log, of all its lives. */
  public Path log() {
    return log;
  }

  /** Whether it runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Kills it as {@code kill -9} does. */
  public void kill() {
    process.destroyForcibly();
    await(Duration.ofSeconds(KILLED_SECONDS_MAX));
  }

  /** Starts it again after it has ended. */
  public void restart() {
    process = launch();
  }

  /** Asks it to stop and waits; false if it has to be killed, or ended with another code than 0. */
  public boolean stop(Duration patience) {
    process.destroy();
    boolean ended = await(patience);
    if (!ended) {
      kill();
    }
    return ended && process.exitValue() == 0;
  }

  private boolean await(Duration patience) {
    try {
      return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      kill();
    }
  }
}
