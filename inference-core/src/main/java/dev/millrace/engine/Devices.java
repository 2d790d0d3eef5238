package dev.millrace.engine;

import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.ComputeDevice;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts devices. Thread-safe: it only numbers them. */
final class Devices {
  private static final Logger LOG = LoggerFactory.getLogger(Devices.class);
  private static final AtomicInteger STARTED = new AtomicInteger();

  private Devices() {}

  /**
   * Opens a device and loads models into it.
   *
   * @param threads compute threads of a CPU; 0 for all cores
   * @throws EngineException if the backend or the memory do not allow it
   */
  static List<DeviceEngine> start(BackendChoice choice, int threads, List<Tenant> tenants) {
    String name = "engine-" + choice.provider().name() + STARTED.getAndIncrement();
    LOG.info("backend {} ({})", choice.provider().name(), choice.why());
    List<DeviceEngine> engines =
        DeviceThread.start(name, () -> open(choice, threads), tenants, System::nanoTime);
    engines.forEach(Devices::announce);
    return engines;
  }

  private static ComputeDevice open(BackendChoice choice, int threads) {
    try {
      return choice.provider().open(threads);
    } catch (BackendException e) {
      throw new EngineException("cannot start an engine: " + e.getMessage(), e);
    }
  }

  /** Says that a model accepts requests. */
  static void announce(DeviceEngine engine) {
    LOG.info(
        "engine ready: model {}, digest {}, {} key-value blocks, context of {} tokens",
        engine.model().name(),
        engine.model().digest(),
        engine.status().kvBlocksTotal(),
        engine.model().contextTokens());
  }
}
