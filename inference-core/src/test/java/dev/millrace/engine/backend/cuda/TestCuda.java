package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.ComputeBackend;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** The cuda backend on the emulator, or on a GPU; a loud skip where there is neither. */
final class TestCuda {

  private TestCuda() {}

  /** Skips the calling test unless there is a device. */
  static void require() {
    Optional<String> reason = Device.unavailable();
    Assumptions.assumeTrue(reason.isEmpty(), () -> "NOT TESTED: " + reason.orElseThrow());
  }

  /** In its default arithmetic. */
  static ComputeBackend backend() {
    return backend(BackendOptions.Arithmetic.AUTO);
  }

  static ComputeBackend backend(BackendOptions.Arithmetic arithmetic) {
    require();
    return new CudaBackendProvider().create(new BackendOptions(arithmetic, 0));
  }
}
