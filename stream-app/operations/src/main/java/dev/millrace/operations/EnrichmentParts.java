package dev.millrace.operations;

import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.enrichment.EngineEnricher;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanReader;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.DocumentKeys;
import dev.millrace.operations.config.ModelKeys;
import dev.millrace.operations.deploy.SchemaDeployment;
import dev.millrace.operations.metrics.EngineMeters;
import dev.millrace.operations.metrics.EnrichmentMeters;
import dev.millrace.records.AvroDecoder;
import dev.millrace.records.AvroOutcomes;
import dev.millrace.records.DocumentDecoder;
import dev.millrace.records.JsonDecoder;
import dev.millrace.records.OutcomeEncoder;
import dev.millrace.records.TextDecoder;
import dev.millrace.schema.RegistryClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Supplier;

/**
 * What an application stands on, whatever moves its records: registry, engine, enricher, and the
 * codecs of its records. Opened and closed by one thread; what it gives is thread-safe and
 * borrowed.
 */
public final class EnrichmentParts implements AutoCloseable {
  /** The application's own back-off is the patience: one call tries for a moment only. */
  private static final Duration REGISTRY_PATIENCE = Duration.ofSeconds(1);

  private final OpenResources open = new OpenResources();
  private final DocumentDecoder decoder;
  private final OutcomeEncoder encoder;
  private final Enricher enricher;

  /**
   * Opens the registry's client, then the engine, then the enricher on it.
   *
   * @param build version of this software, for provenance
   * @param meters borrowed; hears what engine and enricher report
   * @param engine waits for the engine; it is owned from here on
   */
  public EnrichmentParts(
      Config config, String build, MeterRegistry meters, Supplier<InferenceEngine> engine) {
    try {
      RegistryClient registry =
          open.keep(RegistryClient.create(SchemaDeployment.settings(config, REGISTRY_PATIENCE)));
      encoder = new AvroOutcomes(new SchemaDeployment(config, registry).outputIds(), build);
      decoder = decoder(config, registry);
      Plan plan = plan(config);
      InferenceEngine opened = open.keep(engine.get());
      enricher =
          open.keep(
              new EngineEnricher(
                  opened,
                  plan,
                  EngineEnricher.Settings.of(build, InstantSource.system())
                      .withMetrics(new EnrichmentMeters(meters))));
    } catch (RuntimeException | Error e) {
      open.close();
      throw e;
    }
  }

  /** Loads the model that the configuration names. */
  public static InferenceEngine openEngine(Config config, MeterRegistry meters) {
    return EngineFactory.open(
        config.path(ModelKeys.DIR), engineOptions(config), new EngineMeters(meters));
  }

  /** The plan that the configuration names, or the one beside the model. */
  static Plan plan(Config config) {
    String named = config.get(ModelKeys.PLAN);
    Path model = config.path(ModelKeys.DIR);
    return named.isEmpty() ? PlanReader.beside(model) : PlanReader.read(config.resolve(named));
  }

  static EngineOptions engineOptions(Config config) {
    EngineOptions defaults = EngineOptions.DEFAULTS;
    return new EngineOptions(
            config.get(ModelKeys.BACKEND),
            defaults.backendOptions(),
            config.get(ModelKeys.STEP_TOKENS_MAX),
            config.get(ModelKeys.KV_MEMORY),
            config.get(ModelKeys.SEQUENCES_MAX),
            defaults.queueRequestsMax(),
            config.get(ModelKeys.PREFIX_CACHE))
        .withArithmetic(Arithmetic.valueOf(config.get(ModelKeys.ARITHMETIC).name()));
  }

  private static DocumentDecoder decoder(Config config, RegistryClient registry) {
    return switch (config.get(DocumentKeys.FORMAT)) {
      case AVRO -> new AvroDecoder(registry);
      case JSON -> new JsonDecoder();
      case TEXT -> new TextDecoder();
    };
  }

  /** Reads documents as the configuration says they come. */
  public DocumentDecoder decoder() {
    return decoder;
  }

  /** Writes outcomes under the schemas that are registered. */
  public OutcomeEncoder encoder() {
    return encoder;
  }

  /** Enriches documents with the model and the plan that the configuration names. */
  public Enricher enricher() {
    return enricher;
  }

  @Override
  public void close() {
    open.close();
  }
}
