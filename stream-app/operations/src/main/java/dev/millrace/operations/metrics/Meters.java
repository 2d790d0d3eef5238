package dev.millrace.operations.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Makes meters as the list declares them. Thread-safe because the registry is. */
public final class Meters {
  /** From a short text on a GPU to a long one behind an outage. */
  private static final Duration[] BUCKETS =
      Stream.of(50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000)
          .map(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final MeterRegistry registry;

  /** Borrows the registry. */
  public Meters(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Where they are registered. */
  public MeterRegistry registry() {
    return registry;
  }

  /** A counter of the list, with its tags' values in their order. */
  public Counter counter(Metric metric, String... tagValues) {
    require(metric, Metric.Kind.COUNTER);
    return Counter.builder(metric.meter())
        .description(metric.description())
        .baseUnit(metric.countsThings() ? null : metric.unit())
        .tags(tags(metric, tagValues))
        .register(registry);
  }

  /** A timer of the list, with its tags' values in their order. */
  public Timer timer(Metric metric, String... tagValues) {
    require(metric, Metric.Kind.TIMER);
    return timed(metric, tagValues).register(registry);
  }

  /** A histogram of durations of the list, with its tags' values in their order. */
  public Timer histogram(Metric metric, String... tagValues) {
    require(metric, Metric.Kind.HISTOGRAM);
    return timed(metric, tagValues).serviceLevelObjectives(BUCKETS).register(registry);
  }

  private static Timer.Builder timed(Metric metric, String... tagValues) {
    return Timer.builder(metric.meter())
        .description(metric.description())
        .tags(tags(metric, tagValues));
  }

  /** A gauge of the list, with its tags' values in their order. */
  public Gauge gauge(Metric metric, Supplier<Number> value, String... tagValues) {
    require(metric, Metric.Kind.GAUGE);
    return Gauge.builder(metric.meter(), value)
        .description(metric.description())
        .baseUnit(metric.countsThings() ? null : metric.unit())
        .tags(tags(metric, tagValues))
        .register(registry);
  }

  private static void require(Metric metric, Metric.Kind kind) {
    if (metric.kind() != kind) {
      throw new IllegalArgumentException(
          "%s is declared as %s, used as %s".formatted(metric, metric.kind(), kind));
    }
  }

  private static List<Tag> tags(Metric metric, String... values) {
    if (values.length != metric.tags().size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s has tags %s, got %d values", metric, metric.tags(), values.length));
    }
    List<Tag> tags = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      tags.add(Tag.of(metric.tags().get(i), values[i]));
    }
    return tags;
  }
}
