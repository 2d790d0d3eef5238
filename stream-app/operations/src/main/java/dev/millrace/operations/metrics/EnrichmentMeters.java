package dev.millrace.operations.metrics;

import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.EnrichmentMetrics;
import io.micrometer.core.instrument.MeterRegistry;

/** What the enricher reports, as meters. Thread-safe. */
public final class EnrichmentMeters implements EnrichmentMetrics {
  private final Meters meters;

  /** Registers meters as their fields come up: the plan says which there are. */
  public EnrichmentMeters(MeterRegistry registry) {
    this.meters = new Meters(registry);
  }

  @Override
  public void branch(String task, int suffixTokens, int generatedTokens) {
    meters.counter(Metric.BRANCHES, task).increment();
    meters.counter(Metric.BRANCH_TOKENS, task, "prefilled").increment(suffixTokens);
    meters.counter(Metric.BRANCH_TOKENS, task, "generated").increment(generatedTokens);
  }

  @Override
  public void warning(Warning warning) {
    meters.counter(Metric.WARNINGS, warning.code().name(), warning.field()).increment();
  }
}
