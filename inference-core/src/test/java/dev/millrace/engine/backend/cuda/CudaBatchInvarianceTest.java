package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.model.TinyModel;

/** bf16 on the device. */
final class CudaBatchInvarianceTest extends BatchInvarianceKit {

  @Override
  protected ComputeBackend backend() {
    return TestCuda.backend();
  }

  @Override
  protected TinyModel tiny() {
    return super.tiny().withHeads(64);
  }
}
