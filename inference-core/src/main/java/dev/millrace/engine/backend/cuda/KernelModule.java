package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The compiled kernels, loaded into a context. Owned by the engine thread. */
final class KernelModule implements CudaContext.Resource {

  private static final Logger LOG = LoggerFactory.getLogger(KernelModule.class);

  private static final int LOG_BYTES = 64 << 10;

  /** Shared memory that every kernel may ask for without saying so first. */
  private static final int SHARED_BYTES_ANYWAY = 48 << 10;

  private final String name;
  private final int sharedBytesMax;
  private final CUmodule handle;
  private final Map<String, Kernel> byName = new HashMap<>();
  private final List<Kernel> kernels = new ArrayList<>();

  /**
   * Loads an image.
   *
   * @param image machine code, or PTX ending in a zero byte, in native memory; may be freed after
   * @param name of the image, for messages
   * @param device it is made for
   * @throws BackendException if the driver refuses it, with the driver's log
   */
  KernelModule(MemorySegment image, String name, Device device) {
    this.name = name;
    this.sharedBytesMax = device.sharedBytesMax();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment notes = arena.allocate(LOG_BYTES);
      MemorySegment errors = arena.allocate(LOG_BYTES);
      int[] options = {
        CUjit_option.CU_JIT_INFO_LOG_BUFFER,
        CUjit_option.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES,
        CUjit_option.CU_JIT_ERROR_LOG_BUFFER,
        CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
      };
      MemorySegment values =
          arena.allocateFrom(
              ValueLayout.JAVA_LONG, notes.address(), LOG_BYTES, errors.address(), LOG_BYTES);
      try {
        handle = Driver.loadModule(image, options, values, name);
      } catch (CudaError e) {
        String log = errors.getString(0).strip();
        throw log.isEmpty() ? e : new BackendException(e.getMessage() + "; its log: " + log, e);
      }
      String log = notes.getString(0).strip();
      if (!log.isEmpty()) {
        LOG.debug("loading the kernels {}: {}", name, log);
      }
    }
  }

  /** The image's name. */
  String name() {
    return name;
  }

  /**
   * Finds a kernel and lets it use all shared memory a block can have.
   *
   * @throws BackendException if the image has no such kernel
   */
  Kernel kernel(String kernelName) {
    return byName.computeIfAbsent(kernelName, this::find);
  }

  /** The kernel with this number. */
  Kernel kernel(int index) {
    return kernels.get(index);
  }

  private Kernel find(String kernelName) {
    Kernel kernel;
    try {
      kernel = new Kernel(kernelName, kernels.size(), Driver.function(handle, kernelName));
    } catch (CudaError e) {
      if (e.code() != CudaError.NOT_FOUND) {
        throw e;
      }
      throw new BackendException(
          "kernel %s is missing in %s: the compiled kernels and this program are of different versions"
              .formatted(kernelName, name),
          e);
    }
    if (sharedBytesMax > SHARED_BYTES_ANYWAY) {
      Driver.allowSharedBytes(kernel.handle(), kernelName, sharedBytesMax);
    }
    kernels.add(kernel);
    return kernel;
  }

  @Override
  public void close() {
    Driver.unload(handle);
  }
}
