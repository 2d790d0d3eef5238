package dev.millrace.faults;

import dev.millrace.servers.Freezer;
import dev.millrace.servers.child.WatchedMain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A main class in a JVM of its own, made to be killed and frozen. It ends with this process in any
 * case; its log stays. Used by one thread.
 */
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
   * Starts the application with an enricher that answers after some milliseconds.
   *
   * @param name of its log in {@code directory}
   * @param config its configuration file
   * @param delayMinMillis shortest time an answer takes
   * @param delayMaxMillis longest
   * @param seed of the times
   */
  public static ChildNode start(
      Path directory,
      String name,
      Path config,
      long delayMinMillis,
      long delayMaxMillis,
      long seed) {
    return start(
        directory,
        name,
        // It does not live long enough for more: half the CPU time.
        List.of("-XX:TieredStopAtLevel=1"),
        ScriptedNode.class,
        List.of(
            config.toString(),
            Long.toString(delayMinMillis),
            Long.toString(delayMaxMillis),
            Long.toString(seed)));
  }

  /**
   * Starts any main class, on the class path of this process.
   *
   * @param options of its JVM, besides those that every JVM of ours has
   */
  public static ChildNode start(
      Path directory, String name, List<String> options, Class<?> main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx" + HEAP_MEGABYTES + "m",
            "-XX:+UseSerialGC",
            "-XX:+CrashOnOutOfMemoryError",
            "-XX:-CreateCoredumpOnCrash",
            "-XX:ErrorFile=" + directory.resolve(name + "-tmp").resolve("hs_err_%p.log"),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Djava.io.tmpdir=" + directory.resolve(name + "-tmp"),
            own("user.language"),
            own("user.country"),
            own("user.timezone")));
    command.addAll(options);
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            WatchedMain.class.getName(),
            main.getName()));
    command.addAll(arguments);
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

  /** Whether it runs; a frozen one does. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Kills it as {@code kill -9} does. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd(Duration.ofSeconds(KILLED_SECONDS_MAX));
  }

  /** SIGSTOP: it holds its connections and does nothing, as in a very long garbage collection. */
  public void freeze() {
    Freezer.freeze(process.pid());
  }

  /** SIGCONT: it goes on where it was, and knows of nothing. */
  public void unfreeze() {
    Freezer.unfreeze(process.pid());
  }

  /** Starts it again after it has ended. */
  public void restart() {
    if (process.isAlive()) {
      throw new IllegalStateException(log.getFileName() + " runs already");
    }
    process = launch();
  }

  /** Asks it to stop (SIGTERM) and does not wait. */
  public void terminate() {
    // Not Process.destroy(): that also closes standard input, by which the child would take us for
    // dead and end at once instead of in order.
    process.toHandle().destroy();
  }

  /** Asks it to stop and waits; false if it has to be killed, or ended with another code than 0. */
  public boolean stop(Duration patience) {
    terminate();
    return await(patience);
  }

  /** Waits for its end; false if it has to be killed, or ended with another code than 0. */
  public boolean await(Duration patience) {
    boolean ended = awaitEnd(patience);
    if (!ended) {
      kill();
    }
    return ended && process.exitValue() == 0;
  }

  private boolean awaitEnd(Duration patience) {
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
