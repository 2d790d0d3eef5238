package dev.millrace.streams.reference;

import dev.millrace.operations.metrics.Metric;
import java.util.stream.Collectors;

/** The reference page, made from the list of metrics. */
public final class MetricsReference {

  private MetricsReference() {}

  /** The page in Markdown. */
  public static String markdown() {
    StringBuilder page = new StringBuilder();
    page.append(
        """
        # Metrics

        Generated from `Metric`; edit that class and run the tests with
        `-Dmillrace.docs.write=true`.

        Served in Prometheus' text format at `/metrics` of `health.host`:`health.port`.
        Kafka's own metrics are served beside them under `kafka_`, those of the virtual machine
        under `jvm_`, `process_` and `system_`, as Micrometer names them. A histogram has `_bucket`,
        `_count` and `_sum` behind its name, a timer the last two, both have `_max`.
        """);
    for (Metric metric : Metric.values()) {
      page.append("\n## ").append(metric.prometheusName()).append("\n\n");
      page.append(metric.description()).append("\n\n");
      page.append("- kind: ").append(metric.kind().name().toLowerCase(java.util.Locale.ROOT));
      page.append(", unit: ").append(metric.unit()).append("\n");
      if (!metric.tags().isEmpty()) {
        page.append("- tags: ")
            .append(
                metric.tags().stream().map(t -> "`" + t + "`").collect(Collectors.joining(", ")))
            .append("\n");
      }
      if (!metric.worry().isEmpty()) {
        page.append("- worry when: ").append(metric.worry()).append("\n");
      }
    }
    return page.toString();
  }
}
