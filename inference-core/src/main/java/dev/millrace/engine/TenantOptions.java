package dev.millrace.engine;

import java.nio.file.Path;
import java.util.Locale;

/**
 * A model that shares a device with others.
 *
 * @param name tells it from the others; the tag of its metrics
 * @param directory where it lies
 * @param engine its limits; backend and threads are the device's and stay at their defaults
 * @param memoryShare of the memory that is left for keys and values when all models are loaded;
 *     counts among those without {@code kvMemoryBytes}
 * @param turnShare of the tokens computed while several models have work
 */
public record TenantOptions(
    String name, Path directory, EngineOptions engine, int memoryShare, int turnShare) {

  /** Checks name and bounds, and that nothing contradicts the device's options. */
  public TenantOptions {
    if (name.isBlank()) {
      throw new IllegalArgumentException("a model has a name");
    }
    if (memoryShare < 1 || turnShare < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "shares of model %s must be at least 1, got memoryShare=%d turnShare=%d",
              name,
              memoryShare,
              turnShare));
    }
    if (!engine.backend().equals(EngineOptions.DEFAULTS.backend())
        || engine.backendOptions().threads() != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "model %s asks for backend %s and %d threads: say so in the device's options",
              name,
              engine.backend(),
              engine.backendOptions().threads()));
    }
  }

  /** A model with everything at its default and equal shares. */
  public TenantOptions(String name, Path directory) {
    this(name, directory, EngineOptions.DEFAULTS, 1, 1);
  }

  /** The same with other limits. */
  public TenantOptions withEngine(EngineOptions options) {
    return new TenantOptions(name, directory, options, memoryShare, turnShare);
  }

  /** The same with other shares. */
  public TenantOptions withShares(int memory, int turns) {
    return new TenantOptions(name, directory, engine, memory, turns);
  }
}
