package dev.millrace.kernels;

/** Where this jar holds the compiled code for processors. Stateless. */
public final class CpuKernels {

  /** The library's folder on the class path, with a slash at its end. */
  public static final String FOLDER = "dev/millrace/kernels/cpu/";

  /** The library for Linux on x86-64 with AVX512-BF16. */
  public static final String LIBRARY = "libmillrace_cpu.so";

  private CpuKernels() {}
}
