package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;

/** bfloat16 by the fastest code there is. */
final class CpuBf16BatchInvarianceTest extends BatchInvarianceKit {

  @Override
  protected ComputeBackend backend() {
    return TestBackends.fastest(Arithmetic.BF16, 2);
  }
}
