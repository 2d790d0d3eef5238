package dev.millrace.engine.device;

import dev.millrace.engine.DeviceLease;
import dev.millrace.engine.DeviceOptions;
import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.ModelSource;
import dev.millrace.engine.TenantOptions;
import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.ComputeDevice;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.metrics.EngineMetrics;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts devices, for {@link dev.millrace.engine.EngineFactory}. Thread-safe. */
public final class Devices {
  private static final Logger LOG = LoggerFactory.getLogger(Devices.class);
  private static final AtomicInteger STARTED = new AtomicInteger();

  private Devices() {}

  /**
   * A model directory on a device of its own.
   *
   * @throws EngineException if the directory, the backend or the memory do not allow it
   */
  public static InferenceEngine open(Path directory, EngineOptions options, EngineMetrics metrics) {
    Architecture architecture = ModelConfig.read(directory).architecture();
    return alone(
        device -> CheckpointOpening.directory(directory, device, options),
        architecture,
        options,
        metrics);
  }

  /**
   * Weights that lie in no directory, on a device of their own.
   *
   * @throws EngineException if the backend or the memory do not allow it
   */
  public static InferenceEngine open(
      ModelSource source, EngineOptions options, EngineMetrics metrics) {
    return alone(
        device -> CheckpointOpening.source(source, device, options),
        source.weights().config().architecture(),
        options,
        metrics);
  }

  private static InferenceEngine alone(
      ModelOpening.Opener opener,
      Architecture architecture,
      EngineOptions options,
      EngineMetrics metrics) {
    BackendChoice choice = choose(List.of(architecture), options.backend());
    Tenant tenant = Tenant.alone(options, metrics, opener);
    return start(choice, options.backendOptions().threads(), List.of(tenant)).getFirst();
  }

  /**
   * Models on a device that this process shares.
   *
   * @throws EngineException as {@link dev.millrace.engine.EngineFactory#lease} says
   */
  public static DeviceLease lease(
      DeviceOptions device, List<TenantOptions> models, EngineMetrics metrics) {
    return SharedDevices.PROCESS.lease(device, models, metrics);
  }

  /**
   * Chooses a backend that computes all these models.
   *
   * @throws EngineException if there is none of this name, or it cannot run here, or not a model
   */
  public static BackendChoice choose(List<Architecture> architectures, String backend) {
    try {
      return BackendChoice.of(backend, BackendChoice.installed(), architectures);
    } catch (BackendException e) {
      throw new EngineException("cannot start an engine: " + e.getMessage(), e);
    }
  }

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
