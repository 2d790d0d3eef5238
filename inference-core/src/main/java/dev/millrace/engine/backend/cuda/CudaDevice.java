package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.ComputeDevice;
import dev.millrace.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One context on a GPU, and the kernels in it, for all models. Owned by the engine thread. */
final class CudaDevice implements ComputeDevice {

  static final String NAME = "cuda";

  /** System property: {@code false} launches every kernel of a decoding step by itself. */
  static final String GRAPHS_PROPERTY = "millrace.cuda.graphs";

  private static final Logger LOG = LoggerFactory.getLogger(CudaDevice.class);
  private static final String DETERMINISM = "bitwise-same-build-and-device-type";

  private final CudaContext context;
  private final KernelModule module;
  private final List<CudaBackend> open = new ArrayList<>();

  private CudaDevice(CudaContext context, KernelModule module) {
    this.context = context;
    this.module = module;
  }

  /**
   * Opens a context on a GPU and loads the kernels into it.
   *
   * @throws dev.millrace.engine.backend.BackendException if the driver or the kernels do not allow
   *     it
   */
  static CudaDevice open(Device device) {
    CudaContext context = CudaContext.open(device);
    try {
      return new CudaDevice(context, KernelImages.load(context));
    } catch (RuntimeException | Error e) {
      context.close();
      throw e;
    }
  }

  @Override
  public ComputeBackend backend(BackendOptions options) {
    return backend(options, context.scope());
  }

  /** Makes the only backend of this device, which is closed with it. */
  ComputeBackend onlyBackend(BackendOptions options) {
    return backend(options, context);
  }

  private ComputeBackend backend(BackendOptions options, CudaContext scope) {
    Precision precision = options.arithmetic() == Arithmetic.F32 ? Precision.F32 : Precision.BF16;
    if (precision == Precision.BF16 && options.weights() != DType.BF16) {
      LOG.warn(
          "backend=cuda rounds the model's {} weights to bf16; in f32 it keeps them whole",
          options.weights());
    }
    BackendInfo info =
        new BackendInfo(
            NAME,
            context.device().describe() + ", kernels " + module.name(),
            precision.label(),
            0,
            DETERMINISM,
            KernelImages.build());
    boolean graphs = !System.getProperty(GRAPHS_PROPERTY, "true").equals("false");
    open.removeIf(CudaBackend::isClosed);
    try {
      CudaBackend backend = new CudaBackend(info, precision, scope, module, graphs);
      open.add(backend);
      return backend;
    } catch (RuntimeException | Error e) {
      scope.close();
      throw e;
    }
  }

  @Override
  public void close() {
    open.forEach(CudaBackend::close);
    open.clear();
    context.close();
  }
}
