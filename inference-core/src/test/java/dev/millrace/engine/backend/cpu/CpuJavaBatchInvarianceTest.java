package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;

/** f32 by the Vector API. */
final class CpuJavaBatchInvarianceTest extends BatchInvarianceKit {

  @Override
  protected ComputeBackend backend() {
    return TestBackends.java(2);
  }
}
