package dev.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.backend.BackendParityKit;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.Fixtures.Extents;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.backend.Vector;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.TestTensors;
import java.util.List;
import org.junit.jupiter.api.Test;

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

  @Test
  void shouldChooseTokensOnTheDevice() {
    try (ComputeBackend backend = backend()) {
      float[] head = new float[8 * 8];
      head[3 * 8] = 30;
      Matrix packed =
          backend.matrix(
              List.of(
                  new MatrixSource.Plain(
                      TestTensors.f32(Shape.of(8, 8), head), MatrixSource.Order.OUT_IN)));
      Vector norm = backend.vector(TestTensors.f32(Shape.of(8), 1, 1, 1, 1, 1, 1, 1, 1));
      Rows hidden = backend.rows(1, 8);
      backend.begin(new StepLayout(List.of(new StepLayout.Run(new int[1], 0, new int[] {0}))));
      backend.write(hidden, new float[] {1, 1, 1, 1, 1, 1, 1, 1});
      Logits logits = backend.logits(hidden, norm, 1e-5f, packed, new int[] {0});

      assertThat(logits.choose(0, 1, 1, 0.5)).hasValue(3);
      // hardly likelier than the other seven
      assertThat(logits.choose(0, 1000, 1, 0.99)).hasValue(7);
      assertThat(logits.choose(0, 1000, 0.1, 0.99)).hasValue(3);
    }
  }
}
