package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;
import java.nio.file.Path;
import java.util.stream.IntStream;

/** Mistral with its window, in f32 on the device. The emulator takes its time. */
final class CudaF32MistralBatchInvarianceTest extends BatchInvarianceKit {

  @Override
  protected ComputeBackend backend() {
    return TestCuda.backend(Arithmetic.F32);
  }

  @Override
  protected Path write(Path directory) {
    return mistral(directory);
  }

  @Override
  protected int rounds() {
    return 2;
  }

  @Override
  protected IntStream chunks() {
    return IntStream.of(1, 17);
  }

  @Override
  protected int askedApart() {
    return 25;
  }
}
