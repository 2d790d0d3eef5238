package dev.millrace.operations;

import dev.millrace.engine.InferenceEngine;
import dev.millrace.enrichment.EngineEnricher;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.EnrichmentThreads;
import dev.millrace.enrichment.Plan;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.metrics.EnrichmentMeters;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Map;

/**
 * The models of a configuration and the enricher of its plan, without records: no registry and no
 * codecs. Opened and closed by one thread; the enricher is thread-safe and borrowed.
 */
public final class PlanEnricher implements AutoCloseable {
  private final OpenResources open;
  private final Enricher enricher;

  private PlanEnricher(OpenResources open, Enricher enricher) {
    this.open = open;
    this.enricher = enricher;
  }

  /**
   * Loads the models and opens the enricher.
   *
   * @param config with {@code model.*} and {@code models.*}
   * @param build version of this software, for provenance
   * @param meters borrowed; hears what engine and enricher report
   */
  public static PlanEnricher open(Config config, String build, MeterRegistry meters) {
    Plan plan = EnrichmentParts.plan(config);
    EnrichmentParts.checkModels(Map.of("", plan), ModelEngines.names(config));
    OpenResources open = new OpenResources();
    try {
      Map<String, InferenceEngine> engines = open.keep(ModelEngines.open(config, meters)).byName();
      EngineEnricher.Settings settings =
          EngineEnricher.Settings.of(
                  build, open.keep(EnrichmentThreads.ofMachine()), InstantSource.system())
              .withMetrics(new EnrichmentMeters(meters));
      return new PlanEnricher(open, open.keep(new EngineEnricher(engines, plan, settings)));
    } catch (RuntimeException | Error e) {
      open.close();
      throw e;
    }
  }

  /** Asks the models what the plan says. */
  public Enricher enricher() {
    return enricher;
  }

  @Override
  public void close() {
    open.close();
  }
}
