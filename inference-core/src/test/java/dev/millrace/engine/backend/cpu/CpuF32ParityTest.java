package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BackendParityKit;
import dev.millrace.engine.backend.ComputeBackend;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** f32 by oneDNN. */
@Execution(ExecutionMode.CONCURRENT)
final class CpuF32ParityTest extends BackendParityKit {

  @Override
  protected ComputeBackend backend() {
    return TestBackends.oneDnn(Arithmetic.F32, 2);
  }
}
