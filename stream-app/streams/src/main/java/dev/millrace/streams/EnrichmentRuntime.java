package dev.millrace.streams;

import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.enrichment.EngineEnricher;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanReader;
import dev.millrace.schema.RegistryClient;
import dev.millrace.streams.config.Config;
import dev.millrace.streams.config.ConfigKeys;
import dev.millrace.streams.deploy.SchemaDeployment;
import dev.millrace.streams.metrics.EngineMeters;
import dev.millrace.streams.metrics.EnrichmentMeters;
import dev.millrace.streams.processor.DocumentDecoder;
import dev.millrace.streams.wire.AvroDocuments;
import dev.millrace.streams.wire.AvroOutcomes;
import dev.millrace.streams.wire.JsonDecoder;
import dev.millrace.streams.wire.TextDecoder;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;

/**
 * The application with everything it stands on: registry, engine, enricher. Opens them in order and
 * closes them in reverse, whatever fails. Opened and closed by one thread.
 */
public final class EnrichmentRuntime implements AutoCloseable {
  /** The processor's own back-off is the patience: one call tries for a moment only. */
  private static final Duration REGISTRY_PATIENCE = Duration.ofSeconds(1);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final StreamApplication application;

  /**
   * Loads the model and builds the application, without starting it.
   *
   * @param build version of this software, for provenance
   */
  public EnrichmentRuntime(Config config, String build) {
    this(
        config,
        build,
        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
        meters ->
            EngineFactory.open(
                config.path(ConfigKeys.MODEL_DIR),
                engineOptions(config),
                new EngineMeters(meters)));
  }

  /**
   * Builds the application on an engine that is opened elsewhere, without starting it.
   *
   * @param meters owned from here on
   * @param engine waits for the engine; it is owned from here on
   */
  public EnrichmentRuntime(
      Config config,
      String build,
      PrometheusMeterRegistry meters,
      Function<PrometheusMeterRegistry, InferenceEngine> engine) {
    open.push(meters::close);
    try {
      application = build(config, build, meters, engine);
    } catch (RuntimeException | Error e) {
      closeAll();
      throw e;
    }
  }

  private StreamApplication build(
      Config config,
      String build,
      PrometheusMeterRegistry meters,
      Function<PrometheusMeterRegistry, InferenceEngine> engine) {
    RegistryClient registry =
        keep(RegistryClient.create(SchemaDeployment.settings(config, REGISTRY_PATIENCE)));
    AvroOutcomes outcomes =
        new AvroOutcomes(new SchemaDeployment(config, registry).outputIds(), build);
    Plan plan = plan(config);
    InferenceEngine opened = keep(engine.apply(meters));
    Enricher enricher =
        keep(
            new EngineEnricher(
                opened,
                plan,
                EngineEnricher.Settings.of(build, InstantSource.system())
                    .withMetrics(new EnrichmentMeters(meters))));
    return keep(
        new StreamApplication(config, enricher, decoder(config, registry), outcomes, meters));
  }

  /** Built, not started. */
  public StreamApplication application() {
    return application;
  }

  /** The plan that the configuration names, or the one beside the model. */
  static Plan plan(Config config) {
    String named = config.get(ConfigKeys.MODEL_PLAN);
    Path model = config.path(ConfigKeys.MODEL_DIR);
    return named.isEmpty() ? PlanReader.beside(model) : PlanReader.read(config.resolve(named));
  }

  static EngineOptions engineOptions(Config config) {
    EngineOptions defaults = EngineOptions.DEFAULTS;
    return new EngineOptions(
            config.get(ConfigKeys.MODEL_BACKEND),
            defaults.backendOptions(),
            config.get(ConfigKeys.MODEL_STEP_TOKENS_MAX),
            config.get(ConfigKeys.MODEL_KV_MEMORY),
            config.get(ConfigKeys.MODEL_SEQUENCES_MAX),
            defaults.queueRequestsMax(),
            config.get(ConfigKeys.MODEL_PREFIX_CACHE))
        .withArithmetic(Arithmetic.valueOf(config.get(ConfigKeys.MODEL_ARITHMETIC).name()));
  }

  private static DocumentDecoder decoder(Config config, RegistryClient registry) {
    return switch (config.get(ConfigKeys.DOCUMENTS_FORMAT)) {
      case AVRO -> new AvroDocuments(registry);
      case JSON -> new JsonDecoder();
      case TEXT -> new TextDecoder();
    };
  }

  private <T extends AutoCloseable> T keep(T resource) {
    open.push(resource);
    return resource;
  }

  private void closeAll() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        org.slf4j.LoggerFactory.getLogger(EnrichmentRuntime.class)
            .warn("closing went wrong; going on with the rest", e);
      }
    }
  }

  @Override
  public void close() {
    closeAll();
  }
}
