package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendProvider;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.ComputeDevice;
import java.util.Optional;

/**
 * Makes CUDA backends, where there is a GPU that the kernels run on. Thread-safe.
 *
 * <p>{@code BF16} and {@code AUTO}: products multiply bf16 and add in f32, also for a checkpoint
 * that is stored in more bits, which is said once. {@code F32}: everything is f32, to check results
 * against; products then take three to six times as long.
 */
public final class CudaBackendProvider implements BackendProvider {

  private static final int PRIORITY = 200;

  /** Found through the service file. */
  public CudaBackendProvider() {}

  @Override
  public String name() {
    return CudaDevice.NAME;
  }

  @Override
  public int priority() {
    return PRIORITY;
  }

  @Override
  public Optional<String> unsupportedReason() {
    return Device.unavailable().or(KernelImages::missing);
  }

  @Override
  public Optional<String> unsupported(Architecture architecture) {
    return KernelLimits.unsupported(architecture);
  }

  /** Opens the GPU that {@code millrace.cuda.device} names; {@code threads} means nothing here. */
  @Override
  public ComputeDevice open(int threads) {
    return openDevice();
  }

  @Override
  public ComputeBackend create(BackendOptions options) {
    CudaDevice device = openDevice();
    try {
      return device.onlyBackend(options);
    } catch (RuntimeException | Error e) {
      device.close();
      throw e;
    }
  }

  private CudaDevice openDevice() {
    unsupportedReason()
        .ifPresent(reason -> {
          throw new BackendException("cannot start the cuda backend: " + reason);
        });
    return CudaDevice.open(Device.chosen());
  }
}
