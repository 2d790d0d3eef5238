package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;
import java.nio.file.Path;
import java.util.stream.IntStream;

/** Mistral with its window, in bf16 on the device. */
final class CudaMistralBatchInvarianceTest extends BatchInvarianceKit {

  @Override
  protected ComputeBackend backend() {
    return TestCuda.backend();
  }

  @Override
  protected Path write(Path directory) {
    return mistral(directory);
  }

  @Override
  protected int rounds() {
    return 5;
  }

  @Override
  protected IntStream chunks() {
    return IntStream.of(1, 7, 64);
  }

  @Override
  protected int askedApart() {
    return 9;
  }
}
