package dev.millrace.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Where this jar holds the compiled code for processors. Stateless. */
public final class CpuKernels {

  /** The library's folder on the class path, with a slash at its end. */
  public static final String FOLDER = "dev/millrace/kernels/cpu/";

  /** The library for Linux on x86-64 with AVX512-BF16. */
  public static final String LIBRARY = "libmillrace_cpu.so";

  private CpuKernels() {}

  /**
   * SHA-256 of the library, hexadecimal: it names this code in records.
   *
   * @throws IllegalStateException if this jar has none
   */
  public static String libraryDigest() {
    try (InputStream in = CpuKernels.class.getClassLoader().getResourceAsStream(FOLDER + LIBRARY)) {
      if (in == null) {
        throw new IllegalStateException("the kernels' resource " + LIBRARY + " is missing");
      }
      return CompiledKernels.sha256(in.readAllBytes());
    } catch (IOException failure) {
      throw new UncheckedIOException("cannot read the kernels' " + LIBRARY, failure);
    }
  }
}
