package dev.millrace.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A temporary directory that goes when its owner goes, whichever way that is.
 *
 * <p>Three layers: {@link #close} deletes it; a tiny shell that outlives a killed owner deletes it
 * and whatever server still runs from it (a frozen one cannot end by itself); and the next start
 * sweeps what even that shell did not live to delete. Thread-safe: immutable but for the shell.
 */
public final class PrivateDirectory implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PrivateDirectory.class);

  /**
   * Waits for the end of standard input, then kills the servers named in {@code *.pid} and deletes
   * the directory. A process is only killed if its command line names the directory: ids are
   * reused.
   */
  private static final String GUARD =
      """
      trap '' HUP INT TERM
      read -r ignored
      for file in "$1"/*.pid; do
        [ -f "$file" ] || continue
        read -r pid < "$file" || [ -n "$pid" ] || continue
        line=$(tr '\\000' ' ' < "/proc/$pid/cmdline" 2>/dev/null || ps -o args= -p "$pid")
        case "$line" in *"$1"*) kill -KILL "$pid" ;; *) continue ;; esac
        tries=0
        while kill -0 "$pid" && [ "$tries" -lt 20 ]; do sleep 0.1; tries=$((tries + 1)); done
      done 2>/dev/null
      rm -rf "$1" || { sleep 1; rm -rf "$1"; }
      """;

  private final Path path;
  private final Process guard;

  private PrivateDirectory(Path path, Process guard) {
    this.path = path;
    this.guard = guard;
  }

  /** Creates one where the platform puts temporary files. */
  public static PrivateDirectory create() {
    return create(Path.of(System.getProperty("java.io.tmpdir")));
  }

  /**
   * Creates one under {@code parent}, readable by its owner only, after sweeping stale ones there.
   */
  static PrivateDirectory create(Path parent) {
    new StaleDirectories(parent).sweep();
    try {
      Path path = Files.createTempDirectory(parent, OwnerName.ofThisProcess().prefix());
      try {
        return new PrivateDirectory(path.toRealPath(), guard(path.toRealPath()));
      } catch (IOException e) {
        FileTree.delete(path);
        throw e;
      }
    } catch (IOException e) {
      throw new ServerStartException("cannot create a private directory under " + parent, e);
    }
  }

  private static Process guard(Path path) throws IOException {
    return new ProcessBuilder("/bin/sh", "-c", GUARD, "millrace-guard", path.toString())
        .directory(Path.of("/").toFile())
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** Records that {@code process} runs from here. */
  void remember(String server, long pid) throws IOException {
    Files.writeString(pidFile(server), pid + "\n");
  }

  /** Records that the server does not run any more. */
  void forget(String server) {
    try {
      Files.deleteIfExists(pidFile(server));
    } catch (IOException e) {
      LOG.debug("cannot delete {}", pidFile(server), e);
    }
  }

  private Path pidFile(String server) {
    return path.resolve(server + StaleDirectories.PID_SUFFIX);
  }

  /** Deletes the directory. Nothing may run from it any more. */
  @Override
  public void close() {
    try {
      FileTree.delete(path);
    } catch (IOException e) {
      LOG.warn("cannot delete {}: {}; its guard tries again", path, e.toString());
    }
    try {
      guard.getOutputStream().close();
    } catch (IOException e) {
      LOG.debug("the guard of {} was gone already", path, e);
    }
  }
}
