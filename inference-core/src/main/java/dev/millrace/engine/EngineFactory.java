package dev.millrace.engine;

import dev.millrace.engine.device.Devices;
import dev.millrace.engine.metrics.EngineMetrics;
import java.nio.file.Path;
import java.util.List;

/** Opens engines. Thread-safe: it has no state. */
public final class EngineFactory {
  private EngineFactory() {}

  /** Opens an engine that reports to nobody. */
  public static InferenceEngine open(Path directory, EngineOptions options) {
    return open(directory, options, EngineMetrics.NONE);
  }

  /**
   * Loads a model directory in Hugging Face layout (configuration, safetensors, tokenizer) and
   * starts the engine thread. Returns when the engine accepts requests.
   *
   * @param directory stays unchanged as long as the engine is open
   * @param options what a user may choose
   * @param metrics told what the engine does
   * @throws EngineException if the directory, the backend or the memory do not allow it
   */
  public static InferenceEngine open(Path directory, EngineOptions options, EngineMetrics metrics) {
    return Devices.open(directory, options, metrics);
  }

  /**
   * Starts an engine on weights that lie in no directory, such as random ones.
   *
   * @param source what it names stays open as long as the engine
   * @throws EngineException if the backend or the memory do not allow it
   */
  public static InferenceEngine open(
      ModelSource source, EngineOptions options, EngineMetrics metrics) {
    return Devices.open(source, options, metrics);
  }

  /**
   * Opens several models on one device, which all users of this process share that ask for the same
   * backend and number of threads. A model that is open already under the same name and options is
   * not loaded again. Models that are opened together are counted before the first is loaded, and
   * divide what is left as keys and values by their shares; a model that is added later takes of
   * what is free then, and the steps of the others wait while it is loaded: give each a {@code
   * kvMemoryBytes} where that may happen.
   *
   * @param device which device
   * @param models at least one, each with a name of its own; directories stay unchanged
   * @param metrics told what these models do, with their names
   * @throws EngineException if a directory, the backend or the memory do not allow it, or if a
   *     model of this name is open with other options
   */
  public static DeviceLease lease(
      DeviceOptions device, List<TenantOptions> models, EngineMetrics metrics) {
    return Devices.lease(device, models, metrics);
  }
}
