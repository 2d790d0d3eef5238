package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.TestTensors;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PartTest {

  /** Cut into panels of 128, 128 and 64 outputs. */
  private static final int OUTPUTS = 320;

  private final NativeMemory memory = new NativeMemory();

  @AfterEach
  void close() {
    memory.close();
  }

  private PackedMatrix matrix() {
    MatrixSource source =
        new MatrixSource.Plain(
            TestTensors.random(new SplittableRandom(1), DType.BF16, 1, OUTPUTS, 64),
            MatrixSource.Order.OUT_IN);
    try (WorkerPool pool = new WorkerPool("engine-test", 1, () -> {})) {
      return new WeightPacker(memory, pool, Products.ofVectors()::format)
          .pack(List.of(source), ElementType.BF16);
    }
  }

  @Test
  void shouldCutAProductByPanelsAndTiles() {
    assertThat(Part.all(matrix(), 130))
        .containsExactly(
            new Part(0, 0, 128),
            new Part(0, 128, 2),
            new Part(1, 0, 128),
            new Part(1, 128, 2),
            new Part(2, 0, 128),
            new Part(2, 128, 2));
  }

  @Test
  void shouldLeaveOutRowsThatAreNotWanted() {
    // the second panel has outputs beyond the first 200, too
    assertThat(Part.some(matrix(), 300, 200, new int[] {299}))
        .containsExactly(
            new Part(0, 299, 1),
            new Part(1, 0, 128),
            new Part(1, 128, 128),
            new Part(1, 256, 44),
            new Part(2, 0, 128),
            new Part(2, 128, 128),
            new Part(2, 256, 44));
    assertThat(Part.some(matrix(), 100, 256, new int[0])).containsExactly(new Part(2, 0, 100));
  }

  @Test
  void shouldComputeWantedRowsThatAreNearEachOtherTogether() {
    int[] wanted = {3, 5, 130, 131, 290};

    assertThat(Part.some(matrix(), 300, OUTPUTS, wanted))
        .startsWith(new Part(0, 3, 128), new Part(0, 131, 1), new Part(0, 290, 1))
        .hasSize(9);
  }
}
