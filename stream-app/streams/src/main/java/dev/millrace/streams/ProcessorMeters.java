package dev.millrace.streams;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.metrics.Meters;
import dev.millrace.operations.metrics.Metric;
import dev.millrace.records.SourcePosition;
import dev.millrace.streams.processor.PendingId;
import dev.millrace.streams.processor.ProcessorMonitor;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** What the processors report, as meters. Thread-safe. */
public final class ProcessorMeters implements ProcessorMonitor {
  private static final String ENRICHED = "enriched";
  private static final String QUARANTINED = "quarantined";
  private static final String REJECTED = "rejected";
  private static final String DELETED = "deleted";
  private static final String SKIPPED = "skipped";

  /** The latest counts of a stream task, read by the registry's threads. */
  private static final class Latest {
    private volatile Load load = new Load(0, 0, 0, 0, 0, 0);
  }

  private record TaskGauges(Latest latest, List<Gauge> gauges) {}

  private final Meters meters;
  private final InstantSource clock;
  private final Map<String, TaskGauges> tasks = new ConcurrentHashMap<>();

  /** Registers what has no tags of its own at once, so that it is seen as zero. */
  public ProcessorMeters(MeterRegistry registry, InstantSource clock) {
    this.meters = new Meters(registry);
    this.clock = clock;
    meters.counter(Metric.RESUBMITTED);
    meters.counter(Metric.SUSPECTED);
    meters.counter(Metric.SKIPPED);
    meters.counter(Metric.STALE);
    meters.counter(Metric.OUTCOMES, ENRICHED, "");
    meters.counter(Metric.OUTCOMES, QUARANTINED, "");
    for (RejectReason reason : RejectReason.values()) {
      meters.counter(Metric.OUTCOMES, REJECTED, reason.name());
    }
  }

  @Override
  public void load(String task, Load load) {
    tasks.computeIfAbsent(task, this::open).latest().load = load;
  }

  private TaskGauges open(String task) {
    Latest latest = new Latest();
    return new TaskGauges(
        latest,
        List.of(
            meters.gauge(Metric.DOCUMENTS_PENDING, () -> latest.load.pending(), task),
            meters.gauge(Metric.DOCUMENTS_PARKED, () -> latest.load.parked(), task),
            meters.gauge(Metric.DOCUMENTS_IN_FLIGHT, () -> latest.load.inFlight(), task),
            meters.gauge(Metric.DOCUMENTS_HELD, () -> latest.load.held(), task),
            meters.gauge(Metric.PENDING_AGE, () -> age(latest.load), task)));
  }

  private double age(Load load) {
    return load.oldestFirstSeenMillis() == 0
        ? 0
        : Math.max(0, clock.millis() - load.oldestFirstSeenMillis()) / 1000.0;
  }

  @Override
  public void taskClosed(String task) {
    TaskGauges closed = tasks.remove(task);
    if (closed != null) {
      closed.gauges().forEach(meters.registry()::remove);
    }
  }

  @Override
  public void resubmitted(long documents, long ofOtherPlans) {
    meters.counter(Metric.RESUBMITTED).increment((double) documents);
  }

  @Override
  public void suspected(int documents, int waiting) {
    meters.counter(Metric.SUSPECTED).increment(documents);
  }

  @Override
  public void suspected(PendingId id, int restarts) {
    meters.counter(Metric.SUSPECTED).increment();
  }

  @Override
  public void takenBefore(SourcePosition at, long next) {
    meters.counter(Metric.SKIPPED).increment();
  }

  @Override
  public void staleCompletion() {
    meters.counter(Metric.STALE).increment();
  }

  @Override
  public void enriched(Enrichment enrichment, boolean quarantined, long ageMillis) {
    String outcome = quarantined ? QUARANTINED : ENRICHED;
    meters.counter(Metric.OUTCOMES, outcome, "").increment();
    meters.histogram(Metric.DOCUMENT_TIME, outcome).record(ageMillis, TimeUnit.MILLISECONDS);
    Enrichment.Usage usage = enrichment.usage();
    meters.histogram(Metric.QUEUE_TIME).record(usage.queueNanos(), TimeUnit.NANOSECONDS);
    meters.histogram(Metric.COMPUTE_TIME).record(usage.computeNanos(), TimeUnit.NANOSECONDS);
    meters.counter(Metric.TOKENS, "prompt").increment(usage.promptTokens());
    meters.counter(Metric.TOKENS, "cached").increment(usage.cachedTokens());
    meters.counter(Metric.TOKENS, "generated").increment(usage.generatedTokens());
    usage.costUsd().ifPresent(meters.counter(Metric.COST, "own")::increment);
    usage.apiCostUsd().ifPresent(meters.counter(Metric.COST, "api")::increment);
  }

  @Override
  public void rejected(RejectReason reason, long ageMillis) {
    meters.counter(Metric.OUTCOMES, REJECTED, reason.name()).increment();
    meters.histogram(Metric.DOCUMENT_TIME, REJECTED).record(ageMillis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void deleted(boolean forwarded, long ageMillis) {
    String outcome = forwarded ? DELETED : SKIPPED;
    meters.counter(Metric.OUTCOMES, outcome, "").increment();
    meters.histogram(Metric.DOCUMENT_TIME, outcome).record(ageMillis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void retry(Deferral.Cause cause, String message) {
    meters.counter(Metric.RETRIES, cause.name()).increment();
  }
}
