package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendException;
import java.util.Locale;
import java.util.Optional;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;

/**
 * A GPU. Immutable.
 *
 * @param ordinal its number among the GPUs this process sees
 * @param name its maker's name for it
 * @param major compute capability
 * @param minor compute capability
 * @param multiprocessors number of them
 * @param sharedBytesMax shared memory that one block may ask for
 * @param memoryBytes its memory, used or not
 */
record Device(
    int ordinal,
    String name,
    int major,
    int minor,
    int multiprocessors,
    int sharedBytesMax,
    long memoryBytes) {

  /** System property: number of the GPU to use; 0 unless set. */
  static final String ORDINAL_PROPERTY = "millrace.cuda.device";

  private static final int CAPABILITY_MIN = 8;

  /**
   * The chosen GPU.
   *
   * @throws BackendException if there is none, or it is too old
   */
  static Device chosen() {
    int ordinal = Integer.getInteger(ORDINAL_PROPERTY, 0);
    int count = Driver.deviceCount();
    if (ordinal < 0 || ordinal >= count) {
      throw new BackendException(
          count == 0
              ? "the CUDA driver is installed, but it finds no GPU"
              : String.format(
                  Locale.ROOT,
                  "there is no GPU %d: this process sees %d, from 0 on; set -D%s",
                  ordinal,
                  count,
                  ORDINAL_PROPERTY));
    }
    Device device = of(ordinal);
    if (device.major < CAPABILITY_MIN) {
      throw new BackendException(
          String.format(
              Locale.ROOT,
              "%s has compute capability %d.%d, the kernels need %d.0 or newer",
              device.name,
              device.major,
              device.minor,
              CAPABILITY_MIN));
    }
    return device;
  }

  private static Device of(int ordinal) {
    CUdevice handle = Driver.device(ordinal);
    return new Device(
        ordinal,
        Driver.deviceName(handle),
        Driver.deviceAttribute(
            handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
        Driver.deviceAttribute(
            handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        Driver.deviceAttribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        Driver.deviceAttribute(
            handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
        Driver.deviceMemory(handle));
  }

  /** Why there is no usable GPU here; empty if there is one. Never throws. */
  static Optional<String> unavailable() {
    Optional<String> reason = CudaLibrary.unavailable();
    if (reason.isPresent()) {
      return reason;
    }
    try {
      chosen();
      return Optional.empty();
    } catch (BackendException e) {
      return Optional.ofNullable(e.getMessage());
    }
  }

  /** For the start-up line. */
  String describe() {
    return String.format(
        Locale.ROOT,
        "%s (compute capability %d.%d, %s, driver for CUDA %s)",
        name,
        major,
        minor,
        Bytes.of(memoryBytes),
        CudaLibrary.dotted(Driver.version()));
  }
}
