package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.model.TinyModel;
import java.util.stream.IntStream;

/** f32 on the device. The emulator takes its time, so less is tried than in bf16. */
final class CudaF32BatchInvarianceTest extends BatchInvarianceKit {

  private static final int ROUNDS = 2;
  private static final int ASKED_APART = 25;

  @Override
  protected ComputeBackend backend() {
    return TestCuda.backend(Arithmetic.F32);
  }

  @Override
  protected TinyModel tiny() {
    return super.tiny().withHeads(64);
  }

  @Override
  protected int rounds() {
    return ROUNDS;
  }

  @Override
  protected IntStream chunks() {
    return IntStream.of(1, 17);
  }

  @Override
  protected int askedApart() {
    return ASKED_APART;
  }
}
