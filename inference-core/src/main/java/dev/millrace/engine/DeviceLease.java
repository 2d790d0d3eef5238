package dev.millrace.engine;

import dev.millrace.engine.metrics.EngineMetrics;
import java.util.ArrayList;
import java.util.List;

/**
 * One user's hold on a device and on the models it asked for. Several users in a process hold the
 * same device: a model is loaded once, and closed with the last lease that names it; so is the
 * device. Thread-safe.
 *
 * <p>Opened by {@link EngineFactory#lease}; closed after everything that submits to its engines.
 */
public final class DeviceLease implements AutoCloseable {
  private final SharedDevices devices;
  private final SharedDevices.Shared device;
  private final List<LeasedEngine> engines;
  private final EngineMetrics metrics;
  private boolean closed;

  DeviceLease(
      SharedDevices devices,
      SharedDevices.Shared device,
      List<SharedDevices.Held> models,
      EngineMetrics metrics) {
    this.devices = devices;
    this.device = device;
    this.metrics = metrics;
    engines = models.stream().map(LeasedEngine::new).toList();
  }

  /** Names of the models, in the order in which they were asked for. */
  public List<String> names() {
    return engines.stream().map(LeasedEngine::name).toList();
  }

  /**
   * The engine of a model. Closing it ends this user's requests to it; the model stays until the
   * lease is closed.
   *
   * @throws IllegalArgumentException if this lease has no such model
   */
  public InferenceEngine engine(String name) {
    return engines.stream()
        .filter(engine -> engine.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "there is no model %s on this device, only %s".formatted(name, names())));
  }

  /**
   * Ends this user's requests with {@link BranchResult.Reason#ENGINE_CLOSED} and gives the models
   * back. Idempotent.
   *
   * @throws IllegalStateException if a listener calls it: the engine thread cannot wait for itself
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (device.isEngineThread()) {
      throw new IllegalStateException("a listener cannot close the lease of its own device");
    }
    closed = true;
    List<SharedDevices.Held> held = new ArrayList<>();
    for (LeasedEngine engine : engines) {
      engine.close();
      held.add(engine.held());
    }
    devices.release(device, held, metrics);
  }
}
