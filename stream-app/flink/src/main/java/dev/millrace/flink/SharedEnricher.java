package dev.millrace.flink;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Outcome;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * The enrichment for functions of any kind, on the models that a task manager shares: they stay as
 * long as one function with the same options is open. Thread-safe.
 */
public final class SharedEnricher implements AutoCloseable {
  private final EnrichOptions options;
  private final Object holder = new Object();
  private final EnrichmentCalls calls;

  private SharedEnricher(EnrichOptions options, Duration longest, PlanParts.Opener opener) {
    this.options = options;
    PlanParts parts =
        SharedParts.of(holder, options, PlanParts.class, () -> opener.open(options.parse()));
    this.calls =
        new EnrichmentCalls(
            options.parse(), longest, parts.enricher(), () -> SharedParts.lost(options, parts));
  }

  /**
   * Loads the models, if no other function has.
   *
   * @param longest time after which a document is rejected, whatever stands in its way
   */
  public static SharedEnricher open(EnrichOptions options, Duration longest) {
    return open(options, longest, PlanParts::open);
  }

  /** With models from elsewhere. */
  static SharedEnricher open(EnrichOptions options, Duration longest, PlanParts.Opener opener) {
    return new SharedEnricher(options, longest, opener);
  }

  /**
   * Begins to enrich a document. Never blocks.
   *
   * @return its outcome; fails if the engine is lost. Never ends if this is closed before
   */
  public CompletableFuture<Outcome> enrich(Document document) {
    return calls.enrich(document);
  }

  @Override
  public void close() {
    calls.close();
    SharedParts.release(options, holder);
  }
}
