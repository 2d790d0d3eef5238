package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendParityKit;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.Fixtures.Extents;
import java.util.List;

/** bf16 on the device; heads have 64 or 128 elements and rows a multiple of eight there. */
final class CudaParityTest extends BackendParityKit {

  @Override
  protected ComputeBackend backend() {
    return TestCuda.backend();
  }

  @Override
  protected List<Extents> extents() {
    return List.of(
        new Extents(72, 3, 1, 64, 42, 3, 101), new Extents(128, 10, 2, 128, 192, 8, 8200));
  }

  @Override
  protected List<Integer> rowCounts() {
    return List.of(1, 2, 17, 65);
  }
}
