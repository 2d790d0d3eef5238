package dev.millrace.engine.device;

import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.metrics.EngineMetrics;

/**
 * A model that is to run on a device.
 *
 * @param name tells it from the device's other models, in metrics and logs
 * @param options its limits
 * @param memoryShare of the memory for keys and values that models without a budget divide
 * @param turnShare of the steps when several models have work
 * @param metrics told what it does
 * @param opener makes it
 */
record Tenant(
    String name,
    EngineOptions options,
    int memoryShare,
    int turnShare,
    EngineMetrics metrics,
    ModelOpening.Opener opener) {

  /** The name of a model that nobody named. */
  static final String MAIN = "main";

  /** A model that has the device for itself. */
  static Tenant alone(EngineOptions options, EngineMetrics metrics, ModelOpening.Opener opener) {
    return new Tenant(MAIN, options, 1, 1, metrics, opener);
  }
}
