package dev.millrace.operations.metrics;

import dev.millrace.engine.metrics.EngineMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.DoubleAdder;

/** What the engine reports, as meters. Thread-safe. */
public final class EngineMeters implements EngineMetrics {
  private final Meters meters;
  private final DoubleAdder rows = new DoubleAdder();
  private final Map<String, Load> loads = new ConcurrentHashMap<>();

  /** The latest counts of a model, read by the registry's threads. */
  private static final class Load {
    final AtomicInteger waiting = new AtomicInteger();
    final AtomicInteger running = new AtomicInteger();
    final AtomicInteger blocksFree = new AtomicInteger();
  }

  /** Borrows the registry; a model's gauges are registered when it is heard of first. */
  public EngineMeters(MeterRegistry registry) {
    meters = new Meters(registry);
  }

  private Load open(String model) {
    Load load = new Load();
    meters.gauge(Metric.ENGINE_WAITING, load.waiting::get, model);
    meters.gauge(Metric.ENGINE_RUNNING, load.running::get, model);
    meters.gauge(Metric.ENGINE_BLOCKS_FREE, load.blocksFree::get, model);
    return load;
  }

  @Override
  public void step(String model, int decodeRows, int prefillRows, long nanos) {
    String phase = prefillRows == 0 ? "decode" : decodeRows == 0 ? "prefill" : "mixed";
    meters.timer(Metric.ENGINE_STEP_TIME, model, phase).record(nanos, TimeUnit.NANOSECONDS);
    meters.counter(Metric.ENGINE_ROWS, model, "decode").increment(decodeRows);
    meters.counter(Metric.ENGINE_ROWS, model, "prefill").increment(prefillRows);
    rows.add((double) decodeRows + prefillRows);
  }

  /** Rows that all models have computed so far, of prompts and of answers. */
  public double rows() {
    return rows.sum();
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
    meters
        .timer(Metric.ENGINE_REQUEST_TIME, model, "queue")
        .record(queueNanos, TimeUnit.NANOSECONDS);
    meters
        .timer(Metric.ENGINE_REQUEST_TIME, model, "total")
        .record(totalNanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void failure(String model, String reason) {
    meters.counter(Metric.ENGINE_FAILURES, model, reason).increment();
  }

  @Override
  public void load(String model, int waitingRequests, int runningRequests, int kvBlocksFree) {
    Load load = loads.computeIfAbsent(model, this::open);
    load.waiting.set(waitingRequests);
    load.running.set(runningRequests);
    load.blocksFree.set(kvBlocksFree);
  }
}
