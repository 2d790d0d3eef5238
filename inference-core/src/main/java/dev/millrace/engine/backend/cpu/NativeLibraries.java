package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.natives.UnpackedLibraries;
import java.nio.file.Path;
import java.util.List;

/** oneDNN and its OpenMP runtime, unpacked from the class path. Thread-safe: stateless. */
final class NativeLibraries {

  static final String OPENMP = "libgomp.so.1";
  static final String ONEDNN = "libdnnl.so.3";

  private static final String FOLDER = "org/bytedeco/dnnl/linux-x86_64/";

  private NativeLibraries() {}

  /** Whether the libraries on the class path are made for this machine. */
  static boolean madeForThisMachine() {
    return UnpackedLibraries.madeForThisMachine(FOLDER + ONEDNN);
  }

  /** Whether this is Linux. */
  static boolean isLinux() {
    return UnpackedLibraries.isLinux();
  }

  /**
   * Makes sure that both libraries lie in one directory.
   *
   * @throws java.io.UncheckedIOException if they cannot be unpacked
   */
  static Path unpack() {
    return UnpackedLibraries.unpack("onednn", FOLDER, List.of(ONEDNN, OPENMP));
  }
}
