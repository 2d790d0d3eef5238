package dev.millrace.enrichment;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The steps of one enricher's documents, on threads that others use, too: they can be waited for
 * while the threads go on. Thread-safe.
 */
final class Steps implements Executor {
  private final Executor threads;
  private int open;
  private boolean closed;

  /** Borrows the threads. */
  Steps(Executor threads) {
    this.threads = threads;
  }

  /**
   * Runs a step soon.
   *
   * @throws RejectedExecutionException after {@link #close}
   */
  @Override
  public void execute(Runnable step) {
    synchronized (this) {
      if (closed) {
        throw new RejectedExecutionException("the enricher is closed");
      }
      open++;
    }
    try {
      threads.execute(() -> {
        try {
          step.run();
        } finally {
          ended();
        }
      });
    } catch (RejectedExecutionException e) {
      ended();
      throw e;
    }
  }

  private synchronized void ended() {
    open--;
    notifyAll();
  }

  /**
   * Takes no more, and waits for those that were taken.
   *
   * @return whether all of them ended in time
   */
  synchronized boolean close(Duration atMost) throws InterruptedException {
    closed = true;
    long end = System.nanoTime() + atMost.toNanos();
    while (open > 0) {
      long millis = (end - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        return false;
      }
      wait(millis);
    }
    return true;
  }
}
