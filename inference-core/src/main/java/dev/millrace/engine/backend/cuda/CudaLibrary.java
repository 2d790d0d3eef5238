package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.natives.UnpackedLibraries;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Loads the CUDA driver and JCuda's binding to it, at most once in a process. Thread-safe.
 *
 * <p>Any library that calls itself {@code libcuda.so.1} will do: it is loaded by path first, and
 * the binding, which asks for that name, then gets the one that is there already.
 */
final class CudaLibrary {

  /** System property: path of a library to use in place of the installed driver's. */
  static final String LIBRARY_PROPERTY = "millrace.cuda.library";

  /** Version that images made by CUDA 13.0 ask for, as the driver counts. */
  static final int DRIVER_VERSION_MIN = 13000;

  private static final String DRIVER = "libcuda.so.1";
  private static final String FOLDER = "lib/";
  private static final String BINDING = "libJCudaDriver-12.6.0-linux-x86_64.so";

  private static @Nullable SymbolLookup symbols;
  private static Optional<String> reason = Optional.empty();

  private CudaLibrary() {}

  /** Why there is no usable driver here; empty if there is one. Never throws. */
  static synchronized Optional<String> unavailable() {
    if (symbols == null && reason.isEmpty()) {
      try {
        load();
      } catch (CudaError e) {
        reason = Optional.of(explain(e));
      } catch (RuntimeException | LinkageError e) {
        reason = Optional.of("the CUDA driver cannot be used: " + e);
      }
    }
    return reason;
  }

  /**
   * The driver's functions, for those that JCuda lacks.
   *
   * @throws IllegalStateException unless {@link #unavailable} is empty
   */
  static synchronized SymbolLookup symbols() {
    if (symbols == null) {
      throw new IllegalStateException("the CUDA driver is not loaded");
    }
    return symbols;
  }

  @SuppressWarnings("restricted") // loading a native library is what this class is for
  private static void load() {
    if (!UnpackedLibraries.madeForThisMachine(FOLDER + BINDING)) {
      reason =
          Optional.of(
              "no CUDA binding for %s %s on the class path"
                  .formatted(System.getProperty("os.name"), System.getProperty("os.arch")));
      return;
    }
    String chosen = System.getProperty(LIBRARY_PROPERTY, "");
    SymbolLookup found;
    try {
      found =
          chosen.isEmpty()
              ? SymbolLookup.libraryLookup(DRIVER, Arena.global())
              : SymbolLookup.libraryLookup(Path.of(chosen).toAbsolutePath(), Arena.global());
    } catch (IllegalArgumentException e) {
      reason = Optional.of(missing(chosen));
      return;
    }
    initialiseBinding(UnpackedLibraries.unpack("jcuda", FOLDER, List.of(BINDING)));
    Driver.initialise();
    int version = Driver.version();
    if (version < DRIVER_VERSION_MIN) {
      reason =
          Optional.of(
              "the driver supports CUDA %s, the kernels need %s: install NVIDIA driver 580 or newer"
                  .formatted(dotted(version), dotted(DRIVER_VERSION_MIN)));
      return;
    }
    symbols = found;
  }

  private static String missing(String chosen) {
    if (chosen.isEmpty()) {
      return "no CUDA driver: %s is not installed (or not mounted into the container)"
          .formatted(DRIVER);
    }
    Path path = Path.of(chosen).toAbsolutePath();
    return "%s=%s %s"
        .formatted(
            LIBRARY_PROPERTY,
            path,
            Files.isRegularFile(path) ? "is not a library that loads here" : "does not exist");
  }

  /**
   * JCuda unpacks its library into the temporary folder under a fixed name, without a lock, and
   * takes one that lies there already. So for the moment of its initialisation that folder is one
   * that only we can write, with the library in it.
   */
  private static void initialiseBinding(Path directory) {
    String temporary = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", directory.toString());
    try {
      // every return code is looked at in Driver, which can say more than JCuda's exception
      JCudaDriver.setExceptionsEnabled(false);
    } finally {
      System.setProperty("java.io.tmpdir", temporary);
    }
  }

  private static String explain(CudaError error) {
    return switch (error.code()) {
      case CudaError.NO_DEVICE -> "the CUDA driver is installed, but it finds no GPU";
      case CudaError.SYSTEM_DRIVER_MISMATCH ->
          "the CUDA driver's library and its kernel module have different versions: reboot, or"
              + " reinstall the driver";
      default -> error.getMessage() == null ? error.toString() : error.getMessage();
    };
  }

  /** 13020 as 13.2. */
  static String dotted(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }
}
