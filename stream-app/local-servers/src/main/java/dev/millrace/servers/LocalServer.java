package dev.millrace.servers;

import java.nio.file.Path;

/**
 * A server in a child process, with fault injection: kill, pause, resume.
 *
 * <p>It ends with this process in any case. Its files are private and go with {@link #close}. Its
 * ports stay the same over {@link #stop}, {@link #kill} and {@link #restart}.
 *
 * <p>Thread-safe: guarded by its own lock.
 */
public abstract sealed class LocalServer implements AutoCloseable
    permits LocalBroker, LocalRegistry {

  private final String name;
  private final Path log;
  private final PrivateDirectory directory;
  private final ServerProcess process;
  private boolean closed;

  LocalServer(String name, Path log, PrivateDirectory directory, ServerProcess process) {
    this.name = name;
    this.log = log;
    this.directory = directory;
    this.process = process;
  }

  /** {@code broker} or {@code registry}. */
  public final String name() {
    return name;
  }

  /** The file its output goes to, over all its lives. */
  public final Path log() {
    return log;
  }

  /** What clients connect to. */
  public abstract String address();

  /** The process's id; fails if it is not running. */
  public final synchronized long pid() {
    return process.pid();
  }

  /** Whether its process lives; a frozen one does. */
  public final synchronized boolean isRunning() {
    return process.isRunning();
  }

  /** Starts it for the first time. */
  final synchronized void launch() {
    process.start();
  }

  /** SIGTERM, a bounded wait, then SIGKILL. Files stay. Does nothing if it is not running. */
  public final synchronized void stop() {
    process.stop();
  }

  /** SIGKILL: as a crash. Files stay. Does nothing if it is not running. */
  public final synchronized void kill() {
    process.kill();
  }

  /**
   * Stops it if it is running and starts it again on the same files and ports.
   *
   * @throws ServerStartException if it does not come back
   */
  public final synchronized void restart() {
    if (closed) {
      throw new IllegalStateException("the " + name + " is closed: its files are gone");
    }
    process.stop();
    process.start();
  }

  /** SIGSTOP: it holds its connections and answers nothing. Fails if it is not running. */
  public final synchronized void pause() {
    process.freeze();
  }

  /** SIGCONT: it goes on where it was. Fails if it is not running. */
  public final synchronized void resume() {
    process.unfreeze();
  }

  /** Whether it is frozen by {@link #pause}. */
  public final synchronized boolean isPaused() {
    return process.isFrozen();
  }

  /** Stops it and deletes its files. A second call does nothing. */
  @Override
  public final synchronized void close() {
    if (!closed) {
      closed = true;
      process.stop();
      directory.close();
    }
  }

  @Override
  public final String toString() {
    return name + " at " + address();
  }
}
