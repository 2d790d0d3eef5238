package dev.millrace.operations.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/** Makes meters as the list declares them. Thread-safe because the registry is. */
public final class Meters {
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
    return Timer.builder(metric.meter())
        .description(metric.description())
        .tags(tags(metric, tagValues))
        .register(registry);
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
