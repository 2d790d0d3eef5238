package dev.millrace.operations.cluster;

import dev.millrace.operations.config.TopicSelection;
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
   * Registers the gauges of each selection; its tag is the topic's name, or the pattern.
   *
   * @param hanging partitions of the topics that hang
   * @param longestSeconds for how long the one that hangs longest has
   */
  public static void register(
      MeterRegistry registry,
      Collection<TopicSelection> topics,
      ToLongFunction<TopicSelection> hanging,
      ToDoubleFunction<TopicSelection> longestSeconds) {
    Meters meters = new Meters(registry);
    for (TopicSelection topic : topics) {
      meters.gauge(Metric.PARTITIONS_HANGING, () -> hanging.applyAsLong(topic), topic.toString());
      meters.gauge(Metric.HANGING_AGE, () -> longestSeconds.applyAsDouble(topic), topic.toString());
    }
  }
}
