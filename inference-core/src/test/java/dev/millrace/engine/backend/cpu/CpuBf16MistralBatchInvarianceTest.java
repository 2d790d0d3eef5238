package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;
import java.nio.file.Path;

/** Mistral with its window, in bfloat16 by the fastest code there is. */
final class CpuBf16MistralBatchInvarianceTest extends BatchInvarianceKit {

  @Override
  protected ComputeBackend backend() {
    return TestBackends.fastest(Arithmetic.BF16, 2);
  }

  @Override
  protected Path write(Path directory) {
    return mistral(directory);
  }
}
