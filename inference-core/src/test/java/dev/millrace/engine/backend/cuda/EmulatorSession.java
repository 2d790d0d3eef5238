package dev.millrace.engine.backend.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Lets the cuda backend run in tests on every machine: builds the emulation of the kernels, if its
 * sources are newer, and points the backend to it before any test can ask for a device. With {@code
 * -Dmillrace.cuda.library=} (of the JVM that runs the tests) the installed driver is used instead.
 *
 * <p>Without a C++ compiler the tests of the backend are skipped, which is said here once; with
 * {@code CI=true} that is an error.
 */
public final class EmulatorSession implements LauncherSessionListener {

  private static final int NO_COMPILER = 3;

  /** Found through the service file. */
  public EmulatorSession() {}

  @Override
  @SuppressWarnings("SystemOut") // a skip is said loudly, and there is no test yet to say it
  public void launcherSessionOpened(LauncherSession session) {
    if (System.getProperty(CudaLibrary.LIBRARY_PROPERTY) != null) {
      return;
    }
    Path kernels = Path.of(System.getProperty("millrace.root")).resolve("kernels");
    int status = build(kernels);
    if (status == NO_COMPILER && !"true".equals(System.getenv("CI"))) {
      System.err.println("cuda backend NOT TESTED: there is no C++ compiler to emulate a GPU");
      return;
    }
    if (status != 0) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s/build-emulator ended with %d: see its output above",
              kernels,
              status));
    }
    Path emulator = kernels.resolve("target/emulator").toAbsolutePath();
    use(emulator.resolve("libcuda.so.1"), emulator.resolve("libmillrace_kernels.so"));
  }

  private static void use(Path library, Path image) {
    System.setProperty(CudaLibrary.LIBRARY_PROPERTY, library.toString());
    System.setProperty(KernelImages.IMAGE_PROPERTY, image.toString());
    // every allocation gets its own guard pages, so that the emulator sees where each one ends
    System.setProperty(DevicePool.SLAB_PROPERTY, "1");
  }

  private static int build(Path kernels) {
    try {
      return new ProcessBuilder("./build-emulator")
          .directory(kernels.toFile())
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.INHERIT)
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run build-emulator in " + kernels, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the emulation was built", e);
    }
  }
}
