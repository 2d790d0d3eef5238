package dev.millrace.flink;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.config.AttemptKeys;
import dev.millrace.operations.config.Config;
import dev.millrace.records.OutcomeRecords;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The documents that a subtask has in work. A deferral is tried again by the rules of {@link
 * Attempts}: it is no outcome, and never one too many. Thread-safe.
 */
final class EnrichmentCalls implements AutoCloseable {
  private final ScheduledExecutorService retries =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("enrich-retry").factory());
  private final Object owner = new Object();
  private final Enricher enricher;
  private final Attempts attempts;
  private final Duration longest;
  private final Runnable engineLost;
  private volatile boolean closed;

  /**
   * @param longest time after which a document is rejected, whatever stands in its way
   * @param enricher borrowed
   * @param engineLost runs when only another engine helps
   */
  EnrichmentCalls(Config config, Duration longest, Enricher enricher, Runnable engineLost) {
    this.longest = longest;
    this.enricher = enricher;
    this.engineLost = engineLost;
    this.attempts =
        new Attempts(
            config.get(AttemptKeys.DEADLINE),
            config.get(AttemptKeys.ATTEMPTS_MAX),
            Duration.ZERO,
            AttemptKeys.backoff(config));
  }

  /**
   * Begins to enrich a document. Never blocks.
   *
   * @return its outcome; fails if the engine is lost. Never ends if this is closed before
   */
  CompletableFuture<Outcome> enrich(Document document) {
    Call call = new Call(document);
    call.submit();
    return call.outcome;
  }

  /** What is in work is in a checkpoint, or is read again. */
  @Override
  public void close() {
    closed = true;
    enricher.cancelAll(owner);
    retries.shutdownNow();
  }

  /** Its methods are called one after the other. */
  private final class Call implements Enricher.OutcomeListener {
    final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final Document document;
    private final long beganNanos = System.nanoTime();
    private int attempt = 1;
    private int deferrals;

    Call(Document document) {
      this.document = document;
    }

    void submit() {
      if (closed) {
        return;
      }
      try {
        Duration left = longest.minus(elapsed());
        Duration deadline = left.compareTo(attempts.deadline()) < 0 ? left : attempts.deadline();
        enricher.submit(owner, document, attempt, System.nanoTime() + deadline.toNanos(), this);
      } catch (RuntimeException | StackOverflowError fault) {
        // One document must not stop the stream: it would come back after each restart.
        onOutcome(OutcomeRecords.fault("the document cannot be enriched", document.id(), fault));
      }
    }

    private Duration elapsed() {
      return Duration.ofNanos(System.nanoTime() - beganNanos);
    }

    @Override
    public void onOutcome(Outcome outcome) {
      this.outcome.complete(outcome);
    }

    @Override
    public void onDeferred(Deferral deferral) {
      if (closed) {
        return;
      }
      if (deferral.cause() == Deferral.Cause.ENGINE_LOST) {
        engineLost.run();
        outcome.completeExceptionally(
            new IllegalStateException("the engine is lost: " + deferral.message()));
        return;
      }
      Duration wait = Duration.ofNanos(attempts.backoff().nanos(deferrals++));
      if (elapsed().plus(wait).compareTo(longest) >= 0) {
        onOutcome(
            new Outcome.Rejected(
                RejectReason.DEADLINE,
                "no outcome within %s, at last: %s".formatted(longest, deferral.message())));
        return;
      }
      Optional<Outcome.Rejected> end = attempts.exhausted(deferral, attempt, elapsed());
      if (end.isPresent()) {
        onOutcome(end.get());
        return;
      }
      if (deferral.cause() == Deferral.Cause.DEADLINE) {
        attempt++;
      }
      try {
        Future<?> _ = retries.schedule(this::submit, wait.toNanos(), TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        // Closed meanwhile.
      }
    }
  }
}
