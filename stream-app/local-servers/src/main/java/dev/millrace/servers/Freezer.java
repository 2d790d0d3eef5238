package dev.millrace.servers;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Stops processes without ending them: SIGSTOP and SIGCONT, which Java cannot send. Stateless. */
public final class Freezer {
  private static final int PATIENCE_SECONDS = 10;

  private Freezer() {}

  /**
   * SIGSTOP: the process holds its connections and answers nothing.
   *
   * @throws IllegalStateException if it cannot be sent
   */
  public static void freeze(long pid) {
    send("STOP", pid);
  }

  /**
   * SIGCONT: the process goes on where it was.
   *
   * @throws IllegalStateException if it cannot be sent
   */
  public static void unfreeze(long pid) {
    send("CONT", pid);
  }

  private static void send(String signal, long pid) {
    try {
      Process kill =
          new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " \"$1\"", "sh", "" + pid)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!awaitEnd(kill) || kill.exitValue() != 0) {
        throw new IllegalStateException("cannot send SIG" + signal + " to process " + pid);
      }
    } catch (IOException e) {
      throw new IllegalStateException("cannot send SIG" + signal + " to process " + pid, e);
    }
  }

  /** Waits on, even if interrupted: a process must not stay frozen for it. */
  private static boolean awaitEnd(Process kill) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return kill.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
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
}
