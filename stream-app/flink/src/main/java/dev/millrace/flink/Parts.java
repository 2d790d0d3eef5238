package dev.millrace.flink;

import dev.millrace.operations.EnrichmentParts;
import dev.millrace.operations.EnrichmentParts.InputParts;
import dev.millrace.operations.ModelEngines;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.Serializable;
import java.util.function.Supplier;

/** What the subtasks of a task manager share: the models, the registry's client, the enrichers. */
interface Parts extends SharedParts.Resource {

  /** What an input needs. */
  InputParts of(Input input);

  /** Opens them, on a task manager. */
  interface Opener extends Serializable {
    /** Loads the models and opens what stands on them. */
    Parts open(Config config);
  }

  /** Those that the configuration names. */
  static Parts open(Config config, String build) {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    return open(config, build, meters, () -> ModelEngines.open(config, meters));
  }

  /**
   * Those that the configuration names, on models that are opened elsewhere.
   *
   * @param meters owned from here on
   * @param models are owned from here on
   */
  static Parts open(
      Config config, String build, MeterRegistry meters, Supplier<ModelEngines> models) {
    EnrichmentParts parts = new EnrichmentParts(config, build, meters, models);
    return new Parts() {
      @Override
      public InputParts of(Input input) {
        return parts.of(input);
      }

      @Override
      public void close() {
        parts.close();
        meters.close();
      }
    };
  }
}
