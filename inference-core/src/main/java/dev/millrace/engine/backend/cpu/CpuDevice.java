package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.ComputeDevice;
import dev.millrace.engine.tensor.DType;
import dev.millrace.kernels.CpuKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** The compute threads that all models of one engine thread share. Owned by that thread. */
final class CpuDevice implements ComputeDevice {

  static final String NAME = "cpu";
  private static final String DETERMINISM = "bitwise-same-build-and-device-type";

  /** Numbers the devices of this process, for the names of their threads. */
  private static final AtomicInteger OPENED = new AtomicInteger();

  private final Optional<OneDnn> oneDnn;
  private final boolean alone;
  private final String whyJava;
  private final WorkerPool pool;
  private final List<CpuBackend> open = new ArrayList<>();

  private CpuDevice(int threads, Optional<OneDnn> oneDnn, boolean alone, String whyJava) {
    this.oneDnn = oneDnn;
    this.alone = alone;
    this.whyJava = whyJava;
    pool = new WorkerPool("engine-cpu" + OPENED.getAndIncrement(), threads, prepare());
  }

  /**
   * A device that multiplies by oneDNN, and by code of our own where that is faster.
   *
   * @param alone never by code of our own
   */
  static CpuDevice withOneDnn(int threads, OneDnn oneDnn, boolean alone) {
    return new CpuDevice(threads, Optional.of(oneDnn), alone, "");
  }

  /**
   * A device that needs no native code.
   *
   * @param why it has none, for messages
   */
  static CpuDevice withJava(int threads, String why) {
    return new CpuDevice(threads, Optional.empty(), false, why);
  }

  private Runnable prepare() {
    return oneDnn.<Runnable>map(found -> found::useThisThreadOnly).orElse(() -> {});
  }

  @Override
  public ComputeBackend backend(BackendOptions options) {
    return backend(options, () -> {});
  }

  /** Makes the only backend of this device, which is closed with it. */
  ComputeBackend onlyBackend(BackendOptions options) {
    return backend(options, pool::close);
  }

  private CpuBackend backend(BackendOptions options, Runnable onClose) {
    open.removeIf(CpuBackend::isClosed);
    CpuBackend backend =
        oneDnn.isPresent() ? ofOneDnn(options, oneDnn.get(), onClose) : ofVectors(options, onClose);
    open.add(backend);
    return backend;
  }

  private CpuBackend ofVectors(BackendOptions options, Runnable onClose) {
    if (options.arithmetic() == Arithmetic.BF16) {
      throw new BackendException(
          "the Java kernels of the cpu backend compute in f32 only (%s); ask for f32 or auto"
              .formatted(whyJava));
    }
    BackendInfo info =
        new BackendInfo(
            NAME,
            Machine.processor() + ", Java vectors of " + RowMath.FLOATS.vectorBitSize() + " bits",
            "f32",
            pool.workers(),
            DETERMINISM);
    return new CpuBackend(info, ElementType.F32, pool, Products.ofVectors(), prepare(), onClose);
  }

  private CpuBackend ofOneDnn(BackendOptions options, OneDnn dnn, Runnable onClose) {
    dnn.useThisThreadOnly();
    boolean bfloat16 =
        switch (options.arithmetic()) {
          case F32 -> false;
          case BF16 -> true;
          case AUTO -> options.weights() == DType.BF16 && dnn.has(OneDnn.ISA_AVX512_BF16);
        };
    ElementType type = bfloat16 ? ElementType.BF16 : ElementType.F32;
    Optional<Bfloat16Kernel> own = bfloat16 && !alone ? ownKernel(dnn) : Optional.empty();
    int least = own.isPresent() ? 1 : LeastTile.on(dnn, type);
    BackendInfo info =
        new BackendInfo(
            NAME,
            Machine.processor()
                + ", oneDNN "
                + dnn.instructionSetName()
                + (own.isPresent() ? ", compact weights" : ""),
            bfloat16 ? "bf16" : "f32",
            pool.workers(),
            DETERMINISM,
            own.isPresent() ? CpuKernels.libraryDigest() : "");
    Products products = Products.ofOneDnn(dnn, pool.workers(), least, own);
    return new CpuBackend(info, type, pool, products, prepare(), onClose);
  }

  /**
   * Our own code for bfloat16 where it beats oneDNN: on processors that multiply it by AVX-512. AMX
   * is faster than both as soon as there are more than a few rows.
   */
  private static Optional<Bfloat16Kernel> ownKernel(OneDnn dnn) {
    return dnn.has(OneDnn.ISA_AVX512_BF16) && !dnn.has(OneDnn.ISA_AVX512_AMX)
        ? Bfloat16Kernel.loaded()
        : Optional.empty();
  }

  @Override
  public void close() {
    open.forEach(CpuBackend::close);
    open.clear();
    pool.close();
  }
}
