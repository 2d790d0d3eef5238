package dev.millrace.servers;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One server's process through its lives: started, stopped, killed, frozen, started again.
 *
 * <p>Not thread-safe: owned by a {@link LocalServer}, which guards it.
 */
final class ServerProcess {

  private static final Logger LOG = LoggerFactory.getLogger(ServerProcess.class);
  private static final int TAIL_LINES = 30;
  private static final long POLL_MILLIS = 20;

  /** Asks a server once whether it does its work; takes at most a second or two. */
  interface Readiness {
    boolean isReady();
  }

  private final String name;
  private final JavaCommand command;
  private final PrivateDirectory directory;
  private final Path log;
  private final Readiness readiness;
  private final Patience patience;
  private final LongSupplier nanoClock;
  private @Nullable Process process;
  private boolean frozen;

  /**
   * A process that has not been started.
   *
   * @param name what the server is called in messages
   * @param command how it is run
   * @param directory what it runs from; borrowed
   * @param log where its output goes
   * @param readiness how to see that it works
   * @param patience how long to wait for what
   * @param nanoClock as {@link System#nanoTime}
   */
  ServerProcess(
      String name,
      JavaCommand command,
      PrivateDirectory directory,
      Path log,
      Readiness readiness,
      Patience patience,
      LongSupplier nanoClock) {
    this.name = name;
    this.command = command;
    this.directory = directory;
    this.log = log;
    this.readiness = readiness;
    this.patience = patience;
    this.nanoClock = nanoClock;
  }

  /** Starts and waits until the server works; if it does not, ends it and says why. */
  void start() {
    if (isRunning()) {
      throw new IllegalStateException("the " + name + " is running already");
    }
    Process started = launch();
    process = started;
    try {
      awaitReady(started);
    } catch (InterruptedException e) {
      kill();
      Thread.currentThread().interrupt();
      throw new ServerStartException("interrupted while starting the " + name, e);
    } catch (RuntimeException e) {
      kill();
      throw e;
    }
  }

  private Process launch() {
    try {
      Process started = command.prepare(name, directory.path(), log).start();
      directory.remember(name, started.pid());
      return started;
    } catch (IOException e) {
      throw new ServerStartException("cannot start the " + name + ": " + e.getMessage(), e);
    }
  }

  private void awaitReady(Process started) throws InterruptedException {
    long begin = nanoClock.getAsLong();
    while (!readiness.isReady()) {
      Duration waited = Duration.ofNanos(nanoClock.getAsLong() - begin);
      if (started.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new ServerStartException(
            String.format(
                Locale.ROOT,
                "cannot start the %s: its process ended with exit code %d after %d ms; %s",
                name,
                started.exitValue(),
                waited.toMillis(),
                tail()));
      }
      if (waited.compareTo(patience.ready()) > 0) {
        throw new ServerStartException(
            String.format(
                Locale.ROOT,
                "cannot start the %s: it did not answer within %d ms; %s",
                name,
                patience.ready().toMillis(),
                tail()));
      }
    }
  }

  private String tail() {
    return LogTail.of(log, TAIL_LINES);
  }

  boolean isRunning() {
    return process != null && process.isAlive();
  }

  boolean isFrozen() {
    return frozen && isRunning();
  }

  /** The process's id; fails if it does not run. */
  long pid() {
    return running().pid();
  }

  private Process running() {
    Process current = process;
    if (current == null || !current.isAlive()) {
      throw new IllegalStateException(
          "the " + name + " is not running" + (current == null ? "" : exit(current)));
    }
    return current;
  }

  private static String exit(Process ended) {
    return ": its process ended with exit code " + ended.exitValue();
  }

  /** SIGTERM, a bounded wait, then SIGKILL. Does nothing if it does not run. */
  void stop() {
    Process current = process;
    if (current == null) {
      return;
    }
    if (current.isAlive()) {
      unfreezeIfNeeded();
      // Not Process.destroy(): that also closes standard input, by which the child would take us
      // for
      // dead and end at once instead of in order.
      current.toHandle().destroy();
      if (!awaitEnd(current, patience.stop())) {
        LOG.warn("the {} did not end within {} of SIGTERM; killing it", name, patience.stop());
        current.destroyForcibly();
        awaitEnd(current, patience.stop());
      }
    }
    forget();
  }

  /** SIGKILL. Does nothing if it does not run. */
  void kill() {
    Process current = process;
    if (current == null) {
      return;
    }
    current.destroyForcibly();
    awaitEnd(current, patience.stop());
    forget();
  }

  private void forget() {
    process = null;
    frozen = false;
    directory.forget(name);
  }

  /** Waits on, even if interrupted, so that nothing is left behind; keeps the interrupt. */
  private boolean awaitEnd(Process current, Duration atMost) {
    long deadline = nanoClock.getAsLong() + atMost.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          long left = Math.max(0, deadline - nanoClock.getAsLong());
          return current.waitFor(left, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** SIGSTOP. */
  void freeze() {
    Freezer.freeze(running().pid());
    frozen = true;
  }

  /** SIGCONT. */
  void unfreeze() {
    Freezer.unfreeze(running().pid());
    frozen = false;
  }

  private void unfreezeIfNeeded() {
    if (frozen) {
      unfreeze();
    }
  }
}
