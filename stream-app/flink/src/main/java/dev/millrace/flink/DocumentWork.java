package dev.millrace.flink;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Outcome;
import dev.millrace.records.DocumentSubmitter;
import dev.millrace.records.Origin;
import dev.millrace.records.OutputRecord;
import dev.millrace.records.SourceRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.streaming.api.functions.async.ResultFuture;

/** One document on its way to its outcome. Its methods are called one after the other. */
final class DocumentWork implements DocumentSubmitter.Listener {
  private final EnrichFunction.Enrichment enrichment;
  private final SourceRecord record;
  private final ResultFuture<EncodedOutcome> future;
  private final long beganNanos = System.nanoTime();
  private int attempt = 1;
  private int retries;

  DocumentWork(
      EnrichFunction.Enrichment enrichment,
      SourceRecord record,
      ResultFuture<EncodedOutcome> future) {
    this.enrichment = enrichment;
    this.record = record;
    this.future = future;
  }

  void submit() {
    enrichment
        .submitter()
        .submit(
            enrichment.owner(),
            record,
            attempt,
            System.nanoTime() + enrichment.attempts().deadline().toNanos(),
            this);
  }

  @Override
  public boolean closed() {
    return enrichment.closed();
  }

  @Override
  public void onOutcome(Outcome outcome) {
    enrichment.ended(this);
    if (outcome instanceof Outcome.Deleted(boolean forwarded)) {
      delete(forwarded);
      return;
    }
    OutputRecord out =
        enrichment.records().route(Origin.of(record, attempt), outcome, System.currentTimeMillis());
    future.complete(
        List.of(
            new EncodedOutcome(
                enrichment.topics().of(out.sink()),
                out.key(),
                out.value(),
                out.timestamp(),
                out.headers())));
  }

  private void delete(boolean forwarded) {
    byte[] key = record.key();
    List<EncodedOutcome> tombstones = new ArrayList<>();
    if (forwarded && key != null) {
      enrichment
          .records()
          .tombstones(Origin.of(record, attempt), key, System.currentTimeMillis())
          .forEach(out ->
              tombstones.add(
                  new EncodedOutcome(
                      enrichment.topics().of(out.sink()),
                      out.key(),
                      null,
                      out.timestamp(),
                      out.headers())));
    }
    future.complete(tombstones);
  }

  @Override
  public void onDeferred(Deferral deferral) {
    if (deferral.cause() == Deferral.Cause.ENGINE_LOST) {
      enrichment.engineLost();
      // Only a restart helps, and Flink restarts what fails.
      onFault(new AssertionError("the engine is lost: " + deferral.message()));
      return;
    }
    Optional<Outcome.Rejected> end =
        enrichment
            .attempts()
            .exhausted(deferral, attempt, Duration.ofNanos(System.nanoTime() - beganNanos));
    if (end.isPresent()) {
      onOutcome(end.get());
      return;
    }
    if (deferral.cause() == Deferral.Cause.DEADLINE) {
      attempt++;
    }
    later();
  }

  private void later() {
    try {
      Future<?> _ =
          enrichment
              .retries()
              .schedule(
                  this::submit,
                  enrichment.attempts().backoff().nanos(retries++),
                  TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // Closed: the document is in a checkpoint, or is read again.
      enrichment.ended(this);
    }
  }

  @Override
  public void onFault(Error fault) {
    enrichment.ended(this);
    future.completeExceptionally(
        new IllegalStateException("cannot enrich document " + record.name(), fault));
  }
}
