package dev.millrace.engine.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.millrace.engine.natives.UnpackedLibraries;
import dev.millrace.kernels.CpuKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Our own compiled code for products of bfloat16, {@code kernels/src/main/cpu/products.c}. It needs
 * AVX512-BF16; whoever calls it has asked the processor. Thread-safe.
 */
@SuppressWarnings("restricted") // native calls are what this class is for
final class Bfloat16Kernel {

  private static final Logger LOG = LoggerFactory.getLogger(Bfloat16Kernel.class);

  private final MethodHandle compact;
  private final MethodHandle plain;

  private Bfloat16Kernel(SymbolLookup library) {
    compact = product(library, "mr_compact_product");
    plain = product(library, "mr_plain_product");
  }

  private static MethodHandle product(SymbolLookup library, String name) {
    return Linker.nativeLinker()
        .downcallHandle(
            library.findOrThrow(name),
            FunctionDescriptor.ofVoid(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                JAVA_LONG, JAVA_INT, JAVA_LONG));
  }

  /** The code, where it loads; oneDNN does the same more slowly where it does not. */
  static Optional<Bfloat16Kernel> loaded() {
    return Once.LOADED;
  }

  /** Loads the library when first asked for it. */
  private static final class Once {
    static final Optional<Bfloat16Kernel> LOADED = load();
  }

  private static Optional<Bfloat16Kernel> load() {
    String resource = CpuKernels.FOLDER + CpuKernels.LIBRARY;
    if (!UnpackedLibraries.madeForThisMachine(resource)) {
      return Optional.empty();
    }
    try {
      var library =
          UnpackedLibraries.unpack("cpu-kernels", CpuKernels.FOLDER, List.of(CpuKernels.LIBRARY))
              .resolve(CpuKernels.LIBRARY);
      return Optional.of(new Bfloat16Kernel(SymbolLookup.libraryLookup(library, Arena.global())));
    } catch (RuntimeException | LinkageError e) {
      LOG.warn(
          "the cpu backend's own code does not load: {}; oneDNN takes its place, slower and with a"
              + " third more memory for weights (-Dmillrace.cpu.kernels=onednn says so on purpose)",
          e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * Whether weights of this format can be multiplied, plain or compact: blocks of 64 outputs one
   * right behind the other, without padded inputs.
   */
  static boolean takes(PackedFormat format, int inputs) {
    return format.type() == ElementType.BF16
        && format.width() == 64
        && format.inputsPadded(inputs) == inputs;
  }

  /**
   * Multiplies rows with a panel in {@link PackedFormat}, written by {@link CompactEncoder} if the
   * format is compact.
   *
   * @param rows at least 1
   * @param src address of the first row, bfloat16
   * @param panel address of the panel, 64-byte aligned
   * @param dst address of the first result, floats
   * @param upcoming address of the panel that this thread probably needs next, or 0
   */
  void run(
      ProductShape shape,
      boolean isCompact,
      int rows,
      long src,
      long panel,
      long dst,
      long upcoming) {
    MethodHandle product = isCompact ? compact : plain;
    try {
      product.invokeExact(
          (long) rows,
          src,
          (long) shape.srcStride(),
          (long) shape.inputs(),
          panel,
          (long) shape.outputs(),
          dst,
          (long) shape.dstStride(),
          shape.epilogue() == Epilogue.ADD ? 1 : 0,
          upcoming);
    } catch (Throwable e) {
      throw new IllegalStateException("calling our own code for bfloat16 failed", e);
    }
  }
}
