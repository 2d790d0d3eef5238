package dev.millrace.operations;

import dev.millrace.engine.InferenceEngine;
import dev.millrace.enrichment.EngineEnricher;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.EnrichmentThreads;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanReader;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.InputKeys;
import dev.millrace.operations.config.InputLayout;
import dev.millrace.operations.config.ModelKeys;
import dev.millrace.operations.config.PlanBy;
import dev.millrace.operations.deploy.SchemaDeployment;
import dev.millrace.operations.metrics.EnrichmentMeters;
import dev.millrace.operations.metrics.Meters;
import dev.millrace.operations.metrics.Metric;
import dev.millrace.records.AvroDecoder;
import dev.millrace.records.AvroOutcomes;
import dev.millrace.records.CsvDecoder;
import dev.millrace.records.DocumentDecoder;
import dev.millrace.records.EnricherChoice;
import dev.millrace.records.JsonDecoder;
import dev.millrace.records.NamedPlans;
import dev.millrace.records.OutcomeEncoder;
import dev.millrace.records.PlanFingerprint;
import dev.millrace.records.TextDecoder;
import dev.millrace.schema.RegistryClient;
import dev.millrace.schema.SchemaSource;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What an application stands on, whatever moves its records: registry, engine, enrichers, and the
 * codecs of its records. Opened and closed by one thread; what it gives is thread-safe and
 * borrowed.
 */
public final class EnrichmentParts implements AutoCloseable {
  /** The application's own back-off is the patience: one call tries for a moment only. */
  private static final Duration REGISTRY_PATIENCE = Duration.ofSeconds(1);

  /** Enough to tell models apart. */
  private static final int DIGEST_SHOWN = 12;

  private final OpenResources open = new OpenResources();
  private final Map<String, InputParts> inputs = new LinkedHashMap<>();

  /**
   * What one input needs.
   *
   * @param decoder reads documents as they come
   * @param encoder writes outcomes under the schemas that are registered
   * @param enrichers choose a document's plan
   * @param plan names all plans and models that its documents may get
   */
  public record InputParts(
      DocumentDecoder decoder,
      OutcomeEncoder encoder,
      EnricherChoice enrichers,
      PlanFingerprint plan) {}

  private record Codecs(DocumentDecoder decoder, OutcomeEncoder encoder) {}

  /**
   * Opens the registry's client, then the engines, then the enrichers on them.
   *
   * @param build version of this software, for provenance
   * @param meters borrowed; hears what engine and enrichers report
   * @param models waits for the engines; they are owned from here on
   */
  public EnrichmentParts(
      Config config, String build, MeterRegistry meters, Supplier<ModelEngines> models) {
    try {
      RegistryClient registry =
          open.keep(RegistryClient.create(SchemaDeployment.settings(config, REGISTRY_PATIENCE)));
      // What is missing is found before the model is loaded.
      SchemaDeployment schemas = new SchemaDeployment(config, registry);
      Map<Input, Codecs> codecs = new LinkedHashMap<>();
      for (Input input : Input.all(config)) {
        codecs.put(
            input,
            new Codecs(
                decoder(input, registry), new AvroOutcomes(schemas.outputIds(input), build)));
      }
      Map<String, Plan> plans = plans(config);
      checkModels(plans, ModelEngines.names(config));
      Map<String, InferenceEngine> engines = open.keep(models.get()).byName();
      Map<String, String> digests = new LinkedHashMap<>();
      engines.forEach((name, engine) -> digests.put("model " + name, engine.model().digest()));
      EngineEnricher.Settings settings =
          EngineEnricher.Settings.of(
                  build, open.keep(EnrichmentThreads.ofMachine()), InstantSource.system())
              .withMetrics(new EnrichmentMeters(meters));
      Map<String, Enricher> enrichers = new LinkedHashMap<>();
      plans.forEach((name, plan) ->
          enrichers.put(name, open.keep(new EngineEnricher(engines, plan, settings))));
      codecs.forEach((input, codec) ->
          inputs.put(
              input.name(),
              new InputParts(
                  codec.decoder(),
                  codec.encoder(),
                  choice(input, enrichers),
                  fingerprint(input, plans, digests))));
      tell(new Meters(meters), build, engines);
    } catch (RuntimeException | Error e) {
      open.close();
      throw e;
    }
  }

  private void tell(Meters meters, String build, Map<String, InferenceEngine> engines) {
    String models =
        engines.entrySet().stream()
            .map(each -> each.getKey() + "=" + digestStart(each.getValue().model().digest()))
            .sorted()
            .collect(Collectors.joining(","));
    inputs.forEach((name, parts) ->
        meters.gauge(Metric.INFO, () -> 1, build, name, parts.plan().hex(), models));
  }

  private static String digestStart(String digest) {
    return digest.substring(0, Math.min(DIGEST_SHOWN, digest.length()));
  }

  /** Found before models are loaded, which takes long. */
  static void checkModels(Map<String, Plan> plans, Set<String> names) {
    plans.forEach((name, plan) -> {
      for (String model : plan.models()) {
        if (!names.contains(model)) {
          throw new OperationException(
              ("plan %s%s asks model %s, which the configuration does not name; there are %s: add"
                      + " models.%s.dir")
                  .formatted(
                      plan.promptVersion(),
                      name.isEmpty() ? "" : " (" + name + ")",
                      model,
                      names,
                      model));
        }
      }
    });
  }

  /** The plans by name; under the empty name the one that needs none, if an input takes it. */
  static Map<String, Plan> plans(Config config) {
    Map<String, Plan> plans = new LinkedHashMap<>();
    if (Input.all(config).stream().anyMatch(input -> input.plan().isEmpty())) {
      plans.put("", plan(config));
    }
    config
        .map(InputKeys.PLANS)
        .forEach((name, file) -> plans.put(name, PlanReader.read(config.resolve(file.toString()))));
    return plans;
  }

  /** The plan of {@code model.plan}, or that beside the model. */
  static Plan plan(Config config) {
    String named = config.get(ModelKeys.PLAN);
    return named.isEmpty()
        ? PlanReader.beside(config.path(ModelKeys.DIR))
        : PlanReader.read(config.resolve(named));
  }

  /**
   * Reads the documents of an input.
   *
   * @param schemas borrowed
   */
  public static DocumentDecoder decoder(Input input, SchemaSource schemas) {
    InputLayout layout = input.layout();
    return switch (input.format()) {
      case AVRO -> new AvroDecoder(layout.shape(), schemas);
      case JSON -> new JsonDecoder(layout.shape(), schemas);
      case TEXT -> new TextDecoder();
      case CSV -> new CsvDecoder(layout.csv(), layout.shape());
    };
  }

  /**
   * How an input chooses among enrichers.
   *
   * @param enrichers by the names of their plans; under the empty name the one that needs none
   */
  public static EnricherChoice choice(Input input, Map<String, Enricher> enrichers) {
    Enricher own = find(enrichers, input.plan());
    if (input.planBy() == PlanBy.INPUT) {
      return EnricherChoice.always(own);
    }
    Map<String, Enricher> named = new LinkedHashMap<>(enrichers);
    named.remove("");
    Optional<Enricher> unknown =
        input.planUnknown().equals(InputKeys.REJECT)
            ? Optional.empty()
            : Optional.of(find(enrichers, input.planUnknown()));
    return input.planBy() == PlanBy.HEADER
        ? NamedPlans.byHeader(input.planHeader(), named, own, unknown)
        : NamedPlans.byTenant(named, own, unknown);
  }

  private static PlanFingerprint fingerprint(
      Input input, Map<String, Plan> plans, Map<String, String> digests) {
    Map<String, String> parts = new LinkedHashMap<>(digests);
    plans.forEach((name, plan) -> {
      boolean chosen = name.equals(input.plan()) || name.equals(input.planUnknown());
      if (chosen || (input.planBy() != PlanBy.INPUT && !name.isEmpty())) {
        parts.put("plan " + name, plan.fingerprint());
      }
    });
    return PlanFingerprint.of(parts);
  }

  private static Enricher find(Map<String, Enricher> enrichers, String plan) {
    Enricher found = enrichers.get(plan);
    if (found == null) {
      throw new IllegalArgumentException("no plan is called " + plan);
    }
    return found;
  }

  /** What an input needs. */
  public InputParts of(Input input) {
    InputParts parts = inputs.get(input.name());
    if (parts == null) {
      throw new IllegalArgumentException("no input is called " + input.name());
    }
    return parts;
  }

  @Override
  public void close() {
    open.close();
  }
}
