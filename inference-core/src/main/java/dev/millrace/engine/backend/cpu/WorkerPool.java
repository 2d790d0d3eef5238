package dev.millrace.engine.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Shares numbered tasks between the calling thread and helper threads.
 *
 * <p>Tasks are claimed one at a time, so a helper that the operating system holds back delays the
 * caller by at most the task it is in. Which thread runs a task never decides what it computes.
 * Helpers spin for a moment after each job, because the next one usually follows at once, and then
 * sleep. {@link #run} and {@link #close} belong to one owner thread at a time.
 */
final class WorkerPool implements AutoCloseable {

  private static final int SPINS = 20_000;
  private static final long NAP_NANOS = 10_000;

  private final Thread[] helpers;
  private volatile @Nullable Job job;
  private volatile boolean closed;

  /**
   * Starts the helpers.
   *
   * @param name what the helpers' names begin with
   * @param workers threads that compute, the caller included; at least 1
   * @param prepare run once on each helper before its first task
   */
  WorkerPool(String name, int workers, Runnable prepare) {
    helpers = new Thread[workers - 1];
    for (int i = 0; i < helpers.length; i++) {
      int worker = i + 1;
      helpers[i] =
          Thread.ofPlatform()
              .name(name + "-" + worker)
              .daemon()
              .start(() -> {
                prepare.run();
                help(worker);
              });
    }
  }

  /** Number of threads that compute, the caller included. */
  int workers() {
    return helpers.length + 1;
  }

  /** The task that a worker probably gets after another one of {@code tasks}; the last, any. */
  int following(int task, int tasks) {
    return Math.min(task + workers(), tasks - 1);
  }

  /**
   * Runs tasks {@code 0..tasks-1}, each once; returns when all are done.
   *
   * @throws RuntimeException the first failure of a task, after all tasks have ended
   */
  void run(int tasks, Task task) {
    if (closed) {
      throw new IllegalStateException("this worker pool is closed");
    }
    if (tasks <= 1 || helpers.length == 0) {
      for (int i = 0; i < tasks; i++) {
        task.run(0, i);
      }
      return;
    }
    Job mine = new Job(tasks, task);
    job = mine;
    int wanted = Math.min(helpers.length, tasks - 1);
    for (int i = 0; i < wanted; i++) {
      LockSupport.unpark(helpers[i]);
    }
    mine.work(0);
    mine.awaitAll();
    Throwable failure = mine.failure;
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw (RuntimeException) failure;
    }
  }

  private void help(int worker) {
    Job last = null;
    while (!closed) {
      Job next = job;
      for (int spin = 0; next == last && spin < SPINS && !closed; spin++) {
        Thread.onSpinWait();
        next = job;
      }
      if (next == last) {
        LockSupport.park(this);
      } else if (next != null) {
        next.work(worker);
        last = next;
      }
    }
  }

  /** Ends the helpers and waits for them. Idempotent. */
  @Override
  public void close() {
    closed = true;
    for (Thread helper : helpers) {
      LockSupport.unpark(helper);
    }
    boolean interrupted = false;
    for (Thread helper : helpers) {
      while (helper.isAlive()) {
        try {
          helper.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** One of several equal pieces of work. */
  interface Task {
    /**
     * Does piece {@code index}.
     *
     * @param worker number of the thread, for its own scratch memory
     */
    void run(int worker, int index);
  }

  private static final class Job {
    private final int tasks;
    private final Task task;
    private final AtomicInteger claimed = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private volatile @Nullable Throwable failure;

    Job(int tasks, Task task) {
      this.tasks = tasks;
      this.task = task;
    }

    void work(int worker) {
      int index;
      while ((index = claimed.getAndIncrement()) < tasks) {
        try {
          task.run(worker, index);
        } catch (RuntimeException | Error e) {
          failure = e;
        } finally {
          done.incrementAndGet();
        }
      }
    }

    void awaitAll() {
      for (int spin = 0; done.get() < tasks; spin++) {
        Thread.onSpinWait();
        if (spin > SPINS) {
          LockSupport.parkNanos(this, NAP_NANOS);
        }
      }
    }
  }
}
