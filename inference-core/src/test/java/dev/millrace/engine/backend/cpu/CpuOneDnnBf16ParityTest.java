package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BackendParityKit;
import dev.millrace.engine.backend.ComputeBackend;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** bfloat16 by oneDNN alone, as processors with AMX have it. */
@Execution(ExecutionMode.CONCURRENT)
final class CpuOneDnnBf16ParityTest extends BackendParityKit {

  @Override
  protected ComputeBackend backend() {
    return TestBackends.oneDnn(Arithmetic.BF16, 2);
  }
}
