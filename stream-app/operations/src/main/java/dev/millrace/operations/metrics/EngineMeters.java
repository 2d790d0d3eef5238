package dev.millrace.operations.metrics;

import dev.millrace.engine.metrics.EngineMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What the engine reports, as meters. Thread-safe. */
public final class EngineMeters implements EngineMetrics {
  private final Meters meters;
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger blocksFree = new AtomicInteger();

  /** Registers the gauges. */
  public EngineMeters(MeterRegistry registry) {
    meters = new Meters(registry);
    meters.gauge(Metric.ENGINE_WAITING, waiting::get);
    meters.gauge(Metric.ENGINE_RUNNING, running::get);
    meters.gauge(Metric.ENGINE_BLOCKS_FREE, blocksFree::get);
  }

  @Override
  public void step(String model, int decodeRows, int prefillRows, long nanos) {
    String phase = prefillRows == 0 ? "decode" : decodeRows == 0 ? "prefill" : "mixed";
    meters.timer(Metric.ENGINE_STEP_TIME, phase).record(nanos, TimeUnit.NANOSECONDS);
    meters.counter(Metric.ENGINE_ROWS, "decode").increment(decodeRows);
    meters.counter(Metric.ENGINE_ROWS, "prefill").increment(prefillRows);
  }

  /** Rows computed so far, of prompts and of answers. */
  public double rows() {
    return meters.counter(Metric.ENGINE_ROWS, "decode").count()
        + meters.counter(Metric.ENGINE_ROWS, "prefill").count();
  }

  @Override
  public void request(
      String model,
      int prefixTokens,
      int cachedTokens,
      int suffixTokens,
      int generatedTokens,
      long queueNanos,
      long totalNanos) {
    meters.timer(Metric.ENGINE_REQUEST_TIME, "queue").record(queueNanos, TimeUnit.NANOSECONDS);
    meters.timer(Metric.ENGINE_REQUEST_TIME, "total").record(totalNanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void failure(String model, String reason) {
    meters.counter(Metric.ENGINE_FAILURES, reason).increment();
  }

  @Override
  public void load(String model, int waitingRequests, int runningRequests, int kvBlocksFree) {
    waiting.set(waitingRequests);
    running.set(runningRequests);
    blocksFree.set(kvBlocksFree);
  }
}
