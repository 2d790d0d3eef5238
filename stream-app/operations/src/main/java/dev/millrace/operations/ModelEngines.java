package dev.millrace.operations;

import dev.millrace.engine.DeviceLease;
import dev.millrace.engine.DeviceOptions;
import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.TenantOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.enrichment.Task;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ModelKeys;
import dev.millrace.operations.config.ModelsKeys;
import dev.millrace.operations.metrics.EngineMeters;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The models of an application, by the names under which plans ask for them. The engines are
 * thread-safe; opened and closed by one thread.
 */
public final class ModelEngines implements AutoCloseable {
  private final Map<String, InferenceEngine> engines;
  private final Runnable close;

  private ModelEngines(Map<String, InferenceEngine> engines, Runnable close) {
    this.engines = new LinkedHashMap<>(engines);
    this.close = close;
  }

  /** One model, which is owned from here on. */
  public static ModelEngines of(InferenceEngine main) {
    return new ModelEngines(Map.of(Task.MAIN, main), main::close);
  }

  /** Loads the models that the configuration names. */
  public static ModelEngines open(Config config, MeterRegistry meters) {
    EngineMeters metrics = new EngineMeters(meters);
    Map<String, Config> more = config.named(ModelsKeys.MODELS);
    if (more.isEmpty()) {
      return of(EngineFactory.open(config.path(ModelKeys.DIR), mainOptions(config), metrics));
    }
    DeviceLease lease =
        EngineFactory.lease(
            new DeviceOptions(config.get(ModelKeys.BACKEND), 0), tenants(config), metrics);
    Map<String, InferenceEngine> engines = new LinkedHashMap<>();
    lease.names().forEach(name -> engines.put(name, lease.engine(name)));
    return new ModelEngines(engines, lease::close);
  }

  /** Names of the models that the configuration names. */
  static Set<String> names(Config config) {
    Set<String> names = new LinkedHashSet<>();
    names.add(Task.MAIN);
    names.addAll(config.named(ModelsKeys.MODELS).keySet());
    return names;
  }

  static EngineOptions mainOptions(Config config) {
    return options(
            config.get(ModelKeys.STEP_TOKENS_MAX),
            config.get(ModelKeys.KV_MEMORY),
            config.get(ModelKeys.SEQUENCES_MAX),
            config.get(ModelKeys.PREFIX_CACHE),
            config.get(ModelKeys.ARITHMETIC).name())
        .withBackend(config.get(ModelKeys.BACKEND));
  }

  static List<TenantOptions> tenants(Config config) {
    List<TenantOptions> tenants = new ArrayList<>();
    tenants.add(
        new TenantOptions(Task.MAIN, config.path(ModelKeys.DIR))
            .withEngine(mainOptions(config).withBackend(EngineOptions.DEFAULTS.backend()))
            .withShares(config.get(ModelKeys.MEMORY_SHARE), config.get(ModelKeys.TURN_SHARE)));
    config
        .named(ModelsKeys.MODELS)
        .forEach((name, model) ->
            tenants.add(
                new TenantOptions(name, model.path(ModelsKeys.DIR))
                    .withEngine(
                        options(
                            model.get(ModelsKeys.STEP_TOKENS_MAX),
                            model.get(ModelsKeys.KV_MEMORY),
                            model.get(ModelsKeys.SEQUENCES_MAX),
                            model.get(ModelsKeys.PREFIX_CACHE),
                            model.get(ModelsKeys.ARITHMETIC).name()))
                    .withShares(
                        model.get(ModelsKeys.MEMORY_SHARE), model.get(ModelsKeys.TURN_SHARE))));
    return tenants;
  }

  private static EngineOptions options(
      int stepTokensMax,
      long kvMemoryBytes,
      int sequencesMax,
      boolean prefixCache,
      String arithmetic) {
    EngineOptions defaults = EngineOptions.DEFAULTS;
    return new EngineOptions(
            defaults.backend(),
            defaults.backendOptions(),
            stepTokensMax,
            kvMemoryBytes,
            sequencesMax,
            defaults.queueRequestsMax(),
            prefixCache)
        .withArithmetic(Arithmetic.valueOf(arithmetic));
  }

  /** The engines by name, {@code main} first. */
  Map<String, InferenceEngine> byName() {
    return new LinkedHashMap<>(engines);
  }

  @Override
  public void close() {
    close.run();
  }
}
