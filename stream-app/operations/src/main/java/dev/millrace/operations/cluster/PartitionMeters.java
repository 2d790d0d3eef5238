package dev.millrace.operations.cluster;

import dev.millrace.operations.metrics.Meters;
import dev.millrace.operations.metrics.Metric;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** What is known of the topics' partitions, as meters. */
public final class PartitionMeters {

  private PartitionMeters() {}

  /**
   * Registers the gauges of each topic.
   *
   * @param hanging partitions of a topic that hang
   * @param longestSeconds for how long the one that hangs longest has
   */
  public static void register(
      MeterRegistry registry,
      Collection<String> topics,
      ToLongFunction<String> hanging,
      ToDoubleFunction<String> longestSeconds) {
    Meters meters = new Meters(registry);
    for (String topic : topics) {
      meters.gauge(Metric.PARTITIONS_HANGING, () -> hanging.applyAsLong(topic), topic);
      meters.gauge(Metric.HANGING_AGE, () -> longestSeconds.applyAsDouble(topic), topic);
    }
  }
}
