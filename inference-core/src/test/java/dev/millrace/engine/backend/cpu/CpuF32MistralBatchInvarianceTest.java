package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;
import java.nio.file.Path;

/** Mistral with its window, in f32 by oneDNN. */
final class CpuF32MistralBatchInvarianceTest extends BatchInvarianceKit {

  @Override
  protected ComputeBackend backend() {
    return TestBackends.oneDnn(Arithmetic.F32, 2);
  }

  @Override
  protected Path write(Path directory) {
    return mistral(directory);
  }
}
