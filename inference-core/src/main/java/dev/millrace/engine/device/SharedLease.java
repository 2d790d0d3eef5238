package dev.millrace.engine.device;

import dev.millrace.engine.DeviceLease;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.metrics.EngineMetrics;
import java.util.ArrayList;
import java.util.List;

/** A lease of a device that {@link SharedDevices} counts. Thread-safe. */
final class SharedLease implements DeviceLease {
  private final SharedDevices devices;
  private final SharedDevices.Shared device;
  private final List<LeasedEngine> engines;
  private final EngineMetrics metrics;
  private boolean closed;

  SharedLease(
      SharedDevices devices,
      SharedDevices.Shared device,
      List<SharedDevices.Held> models,
      EngineMetrics metrics) {
    this.devices = devices;
    this.device = device;
    this.metrics = metrics;
    engines = models.stream().map(LeasedEngine::new).toList();
  }

  @Override
  public List<String> names() {
    return engines.stream().map(LeasedEngine::name).toList();
  }

  @Override
  public InferenceEngine engine(String name) {
    return engines.stream()
        .filter(engine -> engine.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "there is no model %s on this device, only %s".formatted(name, names())));
  }

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
