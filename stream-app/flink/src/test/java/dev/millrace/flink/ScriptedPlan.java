package dev.millrace.flink;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enricher;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stands in for a plan and its models: answers after a while and in another order, is full now and
 * then, misses the deadline of {@code slow} documents once and of {@code stuck} ones always, and
 * loses the engine once. What it counts is shared, as the process is.
 */
final class ScriptedPlan implements PlanParts {
  static final AtomicInteger OPENED = new AtomicInteger();
  static final AtomicInteger OPEN = new AtomicInteger();
  static final AtomicLong SUBMITTED = new AtomicLong();
  private static volatile long lostAt;

  private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(1);
  private volatile boolean lost;

  ScriptedPlan() {
    OPENED.incrementAndGet();
    OPEN.incrementAndGet();
  }

  /** Counts from zero; loses the engine with a document of this number, 0 for never. */
  static void reset(long lostAtDocument) {
    OPENED.set(0);
    OPEN.set(0);
    SUBMITTED.set(0);
    lostAt = lostAtDocument;
  }

  @Override
  public Enricher enricher() {
    return new Scripted();
  }

  @Override
  public void close() {
    OPEN.decrementAndGet();
    threads.shutdownNow();
  }

  private final class Scripted implements Enricher {
    @Override
    public void submit(
        Object owner,
        Document document,
        int attempt,
        long deadlineNanos,
        OutcomeListener listener) {
      long number = SUBMITTED.incrementAndGet();
      lost |= number == lostAt;
      if (lost) {
        listener.onDeferred(new Deferral(Deferral.Cause.ENGINE_LOST, "as scripted"));
      } else if (number % 10 == 0) {
        listener.onDeferred(new Deferral(Deferral.Cause.OVERLOADED, "as scripted"));
      } else if (document.text().startsWith("fault")) {
        throw new IllegalStateException("as scripted");
      } else {
        later(() -> answer(document, attempt, listener), listener);
      }
    }

    private void answer(Document document, int attempt, OutcomeListener listener) {
      boolean late =
          document.text().startsWith("stuck")
              || (document.text().startsWith("slow") && attempt == 1);
      if (late) {
        listener.onDeferred(new Deferral(Deferral.Cause.DEADLINE, "as scripted"));
      } else {
        listener.onOutcome(ScriptedParts.outcome(document, attempt));
      }
    }

    private void later(Runnable answer, OutcomeListener listener) {
      try {
        Future<?> _ =
            threads.schedule(
                answer, ThreadLocalRandom.current().nextInt(1, 20), TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        listener.onDeferred(new Deferral(Deferral.Cause.CANCELLED, "closed"));
      }
    }

    @Override
    public void cancelAll(Object owner) {}

    @Override
    public void close() {}
  }
}
