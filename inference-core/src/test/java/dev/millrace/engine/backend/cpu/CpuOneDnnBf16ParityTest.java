package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BackendParityKit;
import dev.millrace.engine.backend.ComputeBackend;

/** bfloat16 by oneDNN alone, as processors with AMX have it. */
final class CpuOneDnnBf16ParityTest extends BackendParityKit {

  @Override
  protected ComputeBackend backend() {
    return TestBackends.oneDnn(Arithmetic.BF16, 2);
  }
}
