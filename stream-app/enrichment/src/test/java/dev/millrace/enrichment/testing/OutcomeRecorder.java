package dev.millrace.enrichment.testing;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Enricher.OutcomeListener;
import dev.millrace.enrichment.Outcome;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A listener that waits for its one call and counts how many came. Thread-safe. */
public final class OutcomeRecorder implements OutcomeListener {
  private static final int WAIT_SECONDS_MAX = 120;

  private final CompletableFuture<Object> answer = new CompletableFuture<>();
  private final AtomicInteger calls = new AtomicInteger();

  @Override
  public void onOutcome(Outcome outcome) {
    calls.incrementAndGet();
    answer.complete(outcome);
  }

  @Override
  public void onDeferred(Deferral deferral) {
    calls.incrementAndGet();
    answer.complete(deferral);
  }

  /** The outcome or deferral. */
  public Object await() {
    return answer.orTimeout(WAIT_SECONDS_MAX, TimeUnit.SECONDS).join();
  }

  /** Whether it has been called. */
  public boolean called() {
    return calls.get() > 0;
  }

  /** How often it has been called. */
  public int calls() {
    return calls.get();
  }
}
