package dev.millrace.operations.cluster;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks again and again whether something outside the process is there, on a thread of its own, and
 * tells the log when that changes. Thread-safe; owned and closed by the application.
 */
public final class Watch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
  private static final int NOT_FAILING = 0;

  private final String failure;
  private final Question question;
  private final LongSupplier nanoClock;
  private final ScheduledExecutorService thread;

  /** When the failing began, never {@link #NOT_FAILING}; written by the watch's thread only. */
  private volatile long failingSinceNanos = NOT_FAILING;

  /** Throws if the answer is no, or if none came in time. */
  public interface Question {
    /** Asks once; may block for some seconds. */
    void ask() throws Exception;
  }

  Watch(String failure, Question question, LongSupplier nanoClock) {
    this.failure = failure;
    this.question = question;
    this.nanoClock = nanoClock;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("watch").factory());
  }

  /**
   * Asks from now on.
   *
   * @param failure what it means if the question fails, such as "no broker answers at host:9092"
   * @param every pause between two questions
   */
  public static Watch start(
      String failure, Duration every, Question question, LongSupplier nanoClock) {
    Watch watch = new Watch(failure, question, nanoClock);
    watch.begin(every);
    return watch;
  }

  /** Asks from now on. */
  void begin(Duration every) {
    ScheduledFuture<?> _ =
        thread.scheduleWithFixedDelay(
            this::look, every.toNanos(), every.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Asks once. */
  void look() {
    long begin = nanoClock.getAsLong();
    try {
      question.ask();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    } catch (Exception e) {
      if (failingSinceNanos == NOT_FAILING) {
        failingSinceNanos = begin == NOT_FAILING ? 1 : begin;
        LOG.warn("{}: {}", failure, e.getMessage());
      }
      return;
    }
    if (failingSinceNanos != NOT_FAILING) {
      LOG.info("over after {} s: {}", seconds(failingSinceNanos), failure);
      failingSinceNanos = NOT_FAILING;
    }
  }

  /** What is wrong and for how long; empty if all is well. */
  public String problem() {
    long since = failingSinceNanos;
    return since == NOT_FAILING
        ? ""
        : String.format(Locale.ROOT, "%s for %d s", failure, seconds(since));
  }

  private long seconds(long sinceNanos) {
    return TimeUnit.NANOSECONDS.toSeconds(nanoClock.getAsLong() - sinceNanos);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
