package dev.millrace.flink;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Outcome;
import dev.millrace.operations.config.Config;
import java.io.Serializable;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;
import org.jspecify.annotations.Nullable;

/**
 * Enriches documents of own jobs. Flink keeps those that are in work in each checkpoint and gives
 * them again after a failure.
 */
final class DocumentFunction<T> extends RichAsyncFunction<Document, T> {
  private static final long serialVersionUID = 1;

  /** The attempts are limited; a full engine is waited for. */
  private static final Duration NO_LIMIT = Duration.ofDays(36_500);

  private final EnrichOptions options;
  private final PlanParts.Opener opener;
  private final Shape<T> shape;
  private transient @Nullable EnrichmentCalls running;

  /** What a job gets for a document. */
  interface Shape<T> extends Serializable {
    T of(Document document, Outcome outcome);
  }

  DocumentFunction(EnrichOptions options, PlanParts.Opener opener, Shape<T> shape) {
    this.options = options;
    this.opener = opener;
    this.shape = shape;
  }

  @Override
  public void open(OpenContext context) {
    Config config = options.parse();
    PlanParts parts =
        SharedParts.of(getRuntimeContext(), options, PlanParts.class, () -> opener.open(config));
    running =
        new EnrichmentCalls(
            config, NO_LIMIT, parts.enricher(), () -> SharedParts.lost(options, parts));
  }

  @Override
  public void asyncInvoke(Document document, ResultFuture<T> future) {
    EnrichmentCalls calls = running;
    if (calls == null) {
      throw new IllegalStateException("the function is used outside open() and close()");
    }
    CompletableFuture<?> _ =
        calls
            .enrich(document)
            .handle((outcome, failure) -> {
              if (failure == null) {
                future.complete(Collections.singleton(shape.of(document, outcome)));
              } else {
                future.completeExceptionally(failure);
              }
              return null;
            });
  }

  @Override
  public void close() {
    EnrichmentCalls closing = running;
    running = null;
    if (closing != null) {
      closing.close();
    }
  }
}
