package dev.millrace.engine;

import dev.millrace.engine.backend.BackendOptions;
import java.util.Locale;

/**
 * What a user may choose about an engine.
 *
 * @param backend {@code auto}, or a backend's name
 * @param backendOptions passed to the backend
 * @param stepTokensMax rows of one step: decode rows first, the rest prefill
 * @param kvMemoryBytes memory for keys and values; 0 chooses from the model and the machine
 * @param sequencesMax prefixes and branches that run at once; a label set counts as one
 * @param queueRequestsMax accepted requests that wait; one more is refused as overloaded
 * @param prefixCache whether finished prefixes stay reusable
 */
public record EngineOptions(
    String backend,
    BackendOptions backendOptions,
    int stepTokensMax,
    long kvMemoryBytes,
    int sequencesMax,
    int queueRequestsMax,
    boolean prefixCache) {

  /** Everything at its default. */
  public static final EngineOptions DEFAULTS =
      new EngineOptions("auto", BackendOptions.DEFAULTS, 1024, 0, 256, 4096, true);

  /** Checks the bounds. */
  public EngineOptions {
    atLeast("stepTokensMax", stepTokensMax, 1);
    atLeast("kvMemoryBytes", kvMemoryBytes, 0);
    atLeast("sequencesMax", sequencesMax, 1);
    atLeast("queueRequestsMax", queueRequestsMax, 1);
  }

  private static void atLeast(String name, long value, long bound) {
    if (value < bound) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s must be at least %d, got %d", name, bound, value));
    }
  }

  public EngineOptions withBackend(String name) {
    return new EngineOptions(
        name,
        backendOptions,
        stepTokensMax,
        kvMemoryBytes,
        sequencesMax,
        queueRequestsMax,
        prefixCache);
  }

  public EngineOptions withArithmetic(BackendOptions.Arithmetic arithmetic) {
    return new EngineOptions(
        backend,
        new BackendOptions(arithmetic, backendOptions.threads(), backendOptions.weights()),
        stepTokensMax,
        kvMemoryBytes,
        sequencesMax,
        queueRequestsMax,
        prefixCache);
  }
}
