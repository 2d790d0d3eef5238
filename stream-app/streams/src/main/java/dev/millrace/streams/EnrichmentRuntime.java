package dev.millrace.streams;

import dev.millrace.operations.EnrichmentParts;
import dev.millrace.operations.ModelEngines;
import dev.millrace.operations.OpenResources;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.metrics.JvmMeters;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.function.Supplier;

/**
 * The application with everything it stands on: registry, engine, enricher. Opens them in order and
 * closes them in reverse, whatever fails. Opened and closed by one thread.
 */
public final class EnrichmentRuntime implements AutoCloseable {
  private final OpenResources open = new OpenResources();
  private final StreamApplication application;

  /**
   * Loads the model and builds the application, without starting it.
   *
   * @param build version of this software, for provenance
   */
  public EnrichmentRuntime(Config config, String build) {
    this(config, build, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
  }

  private EnrichmentRuntime(Config config, String build, PrometheusMeterRegistry meters) {
    this(config, build, meters, () -> ModelEngines.open(config, meters));
  }

  /**
   * Builds the application on models that are opened elsewhere, without starting it.
   *
   * @param meters owned from here on
   * @param models waits for them; they are owned from here on
   */
  public EnrichmentRuntime(
      Config config, String build, PrometheusMeterRegistry meters, Supplier<ModelEngines> models) {
    open.keep(meters::close);
    open.keep(new JvmMeters(meters));
    try {
      EnrichmentParts parts = open.keep(new EnrichmentParts(config, build, meters, models));
      application = open.keep(new StreamApplication(config, parts::of, meters));
    } catch (RuntimeException | Error e) {
      open.close();
      throw e;
    }
  }

  /** Built, not started. */
  public StreamApplication application() {
    return application;
  }

  @Override
  public void close() {
    open.close();
  }
}
