package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.BackendParityKit;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.Fixtures.Extents;
import java.util.List;

/** f32 on the device. The emulator takes its time, so there are fewer row counts than in bf16. */
final class CudaF32ParityTest extends BackendParityKit {

  @Override
  protected ComputeBackend backend() {
    return TestCuda.backend(Arithmetic.F32);
  }

  @Override
  protected List<Extents> extents() {
    return List.of(
        new Extents(72, 3, 1, 64, 42, 3, 101), new Extents(128, 10, 2, 128, 192, 8, 8200));
  }

  @Override
  protected List<Integer> rowCounts() {
    return List.of(1, 17);
  }
}
