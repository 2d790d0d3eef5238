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

  static ComputeBackend backend() {
    require();
    return new CudaBackendProvider().create(BackendOptions.DEFAULTS);
  }
}
