package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BackendProvider;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.tensor.DType;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes CUDA backends, where there is a GPU that the kernels run on. Thread-safe.
 *
 * <p>{@code BF16} and {@code AUTO}: products multiply bf16 and add in f32, also for a checkpoint
 * that is stored in more bits, which is said once. {@code F32}: everything is f32, to check results
 * against; products then take three to six times as long.
 */
public final class CudaBackendProvider implements BackendProvider {

  /** System property: {@code false} launches every kernel of a decoding step by itself. */
  static final String GRAPHS_PROPERTY = "millrace.cuda.graphs";

  private static final Logger LOG = LoggerFactory.getLogger(CudaBackendProvider.class);
  private static final String DETERMINISM = "bitwise-same-build-and-device-type";
  private static final int PRIORITY = 200;

  /** Found through the service file. */
  public CudaBackendProvider() {}

  @Override
  public String name() {
    return "cuda";
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

  @Override
  public ComputeBackend create(BackendOptions options) {
    unsupportedReason()
        .ifPresent(reason -> {
          throw new BackendException("cannot start the cuda backend: " + reason);
        });
    Precision precision = options.arithmetic() == Arithmetic.F32 ? Precision.F32 : Precision.BF16;
    if (precision == Precision.BF16 && options.weights() != DType.BF16) {
      LOG.warn(
          "backend=cuda rounds the model's {} weights to bf16; in f32 it keeps them whole",
          options.weights());
    }
    Device device = Device.chosen();
    CudaContext context = CudaContext.open(device);
    try {
      KernelModule module = KernelImages.load(context);
      BackendInfo info =
          new BackendInfo(
              name(),
              device.describe() + ", kernels " + module.name(),
              precision.label(),
              0,
              DETERMINISM);
      boolean graphs = !System.getProperty(GRAPHS_PROPERTY, "true").equals("false");
      return new CudaBackend(info, precision, context, module, graphs);
    } catch (RuntimeException | Error e) {
      context.close();
      throw e;
    }
  }
}
