package dev.millrace.flink;

import dev.millrace.enrichment.Answers;
import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Enrichment.DocumentLanguage.Basis;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.EnrichmentParts.InputParts;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.records.DeadLetter;
import dev.millrace.records.EnricherChoice;
import dev.millrace.records.OutcomeEncoder;
import dev.millrace.records.PlanFingerprint;
import dev.millrace.records.SourcePosition;
import dev.millrace.records.TextDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for the models of a task manager: answers after a while and in another order, and loses
 * the engine after certain numbers of documents. What it counts is shared, as the process is.
 */
final class ScriptedParts implements Parts {
  private static final AtomicInteger OPENED = new AtomicInteger();
  private static final AtomicInteger OPEN = new AtomicInteger();
  private static final AtomicInteger FAILURES = new AtomicInteger();
  private static final AtomicLong SUBMITTED = new AtomicLong();
  private static volatile long[] failAt = {};

  private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(1);

  ScriptedParts(Config config) {
    OPENED.incrementAndGet();
    OPEN.incrementAndGet();
  }

  /** Counts from zero. */
  static void reset(long... failAfterDocuments) {
    OPENED.set(0);
    OPEN.set(0);
    FAILURES.set(0);
    SUBMITTED.set(0);
    failAt = failAfterDocuments.clone();
  }

  static int opened() {
    return OPENED.get();
  }

  static int open() {
    return OPEN.get();
  }

  static int failures() {
    return FAILURES.get();
  }

  @Override
  public InputParts of(Input input) {
    return new InputParts(
        new TextDecoder(),
        new TextEncoder(),
        EnricherChoice.always(new Scripted()),
        PlanFingerprint.of(Map.of()));
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
      if (Arrays.stream(failAt).anyMatch(at -> at == number)) {
        FAILURES.incrementAndGet();
        listener.onDeferred(new Deferral(Deferral.Cause.ENGINE_LOST, "as scripted"));
        return;
      }
      if (number % 10 == 0) {
        listener.onDeferred(new Deferral(Deferral.Cause.OVERLOADED, "as scripted"));
        return;
      }
      try {
        Future<?> _ =
            threads.schedule(
                () -> listener.onOutcome(outcome(document, attempt)),
                ThreadLocalRandom.current().nextInt(1, 30),
                TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        listener.onDeferred(new Deferral(Deferral.Cause.CANCELLED, "closed"));
      }
    }

    @Override
    public void cancelAll(Object owner) {}

    @Override
    public void close() {}
  }

  static Outcome outcome(Document document, int attempt) {
    if (document.text().startsWith("reject")) {
      return new Outcome.Rejected(RejectReason.INVALID_ANSWER, "as scripted");
    }
    Enrichment enrichment =
        new Enrichment(
            document,
            "0".repeat(64),
            Optional.empty(),
            new Enrichment.DocumentLanguage("en", Basis.ASSUMED),
            Answers.ofSummary("summary of " + document.text()),
            List.of(),
            new Enrichment.Coverage(document.text().length(), List.of(), 1),
            new Enrichment.Usage(
                1, 1, 0, 1, 1, 0, 0, OptionalDouble.empty(), OptionalDouble.empty()),
            new Enrichment.Provenance("none", "test", Map.of(), Map.of()),
            attempt,
            Instant.EPOCH);
    return document.text().startsWith("quarantine")
        ? new Outcome.Quarantined(enrichment)
        : new Outcome.Enriched(enrichment);
  }

  /** Texts in place of Avro: the registry is not what is tried here. */
  private static final class TextEncoder implements OutcomeEncoder {
    @Override
    public byte[] enriched(Enrichment enrichment, @Nullable SourcePosition source) {
      return enrichment.summary().orElse("").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] quarantined(Enrichment enrichment, @Nullable SourcePosition source) {
      return enriched(enrichment, source);
    }

    @Override
    public byte[] deadLetter(DeadLetter letter) {
      byte[] value = letter.value();
      return value == null ? new byte[0] : value;
    }
  }
}
