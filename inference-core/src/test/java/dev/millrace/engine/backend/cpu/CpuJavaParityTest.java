package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BackendParityKit;
import dev.millrace.engine.backend.ComputeBackend;

/** f32 by the Vector API. */
final class CpuJavaParityTest extends BackendParityKit {

  @Override
  protected ComputeBackend backend() {
    return TestBackends.java(2);
  }
}
