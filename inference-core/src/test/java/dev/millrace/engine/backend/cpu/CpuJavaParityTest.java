package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BackendParityKit;
import dev.millrace.engine.backend.ComputeBackend;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** f32 by the Vector API. */
@Execution(ExecutionMode.CONCURRENT)
final class CpuJavaParityTest extends BackendParityKit {

  @Override
  protected ComputeBackend backend() {
    return TestBackends.java(2);
  }
}
