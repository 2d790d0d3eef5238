package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendException;

/** A call of the CUDA driver failed. */
final class CudaError extends BackendException {
  private static final long serialVersionUID = 1L;

  static final int OUT_OF_MEMORY = 2;
  static final int NO_DEVICE = 100;
  static final int NOT_FOUND = 500;
  static final int NOT_READY = 600;
  static final int ILLEGAL_ADDRESS = 700;
  static final int LAUNCH_FAILED = 719;
  static final int SYSTEM_DRIVER_MISMATCH = 803;

  private final int code;

  /**
   * Describes a failed call.
   *
   * @param code the driver's result
   * @param doing what was being done, to which thing: follows "cannot"
   * @param name the driver's name for the code
   * @param text the driver's words
   */
  CudaError(int code, String doing, String name, String text) {
    super("cannot %s: %s (%s)%s".formatted(doing, name, text, advice(code)));
    this.code = code;
  }

  int code() {
    return code;
  }

  private static String advice(int code) {
    return switch (code) {
      case OUT_OF_MEMORY -> "; free the GPU of other processes or use a smaller model";
      case ILLEGAL_ADDRESS, LAUNCH_FAILED, 714, 715, 716, 717, 718 ->
          "; a kernel is at fault, and nothing more can be computed in this process: restart it and"
              + " report this message";
      case 46, 214, 702, 709, 720, 721, 999 ->
          "; the GPU is lost: restart the process, and look at nvidia-smi and the kernel log";
      case 200, 209, 218, 222, 223 ->
          "; the compiled kernels do not fit this driver and GPU: update the driver";
      default -> "";
    };
  }
}
