package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.TestTensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightPackerTest {

  private final NativeMemory memory = new NativeMemory();

  @AfterEach
  void close() {
    memory.close();
  }

  private static MatrixSource source(int outputs, int inputs, long seed) {
    return new MatrixSource.Plain(
        TestTensors.random(new SplittableRandom(seed), DType.BF16, 1, outputs, inputs),
        MatrixSource.Order.OUT_IN);
  }

  private PackedMatrix pack(boolean compact, int workers, MatrixSource... sources) {
    try (WorkerPool pool = new WorkerPool("engine-test", workers, () -> {})) {
      WeightPacker packer =
          new WeightPacker(
              memory,
              pool,
              (type, inputs, outputs) -> {
                PackedFormat format = PackedFormat.of(type, outputs);
                return compact ? format.compacted() : format;
              });
      // Another one before: what is left in the packer's scratch must not show.
      packer.pack(List.of(source(96, 1056, 8)), ElementType.BF16);
      return packer.pack(List.of(sources), ElementType.BF16);
    }
  }

  @ParameterizedTest
  @CsvSource({"200, 120, 64, 1", "64, 700, 96, 2", "2048, 1000, 1024, 2", "40, 41, 32, 1"})
  void shouldPackTheSameWeightsCompactlyAndPlainly(int outputs, int more, int inputs, int workers) {
    MatrixSource first = source(outputs, inputs, 3);
    MatrixSource second = source(more, inputs, 4);

    PackedMatrix plain = pack(false, workers, first, second);
    PackedMatrix compact = pack(true, workers, first, second);

    assertThat(compact.outputs()).isEqualTo(outputs + more);
    int weights = Math.ceilDiv(outputs + more, 64) * 64 * inputs;
    assertThat(weights(compact, weights)).isEqualTo(weights(plain, weights));
    assertThat(plain.bytes()).isBetween(2L * weights, 4L * weights);
    assertThat(compact.bytes()).isLessThan((long) (1.1 * plain.bytes()));
  }

  /** What all panels hold, one behind the other: each but the last is a multiple of 64 outputs. */
  private static short[] weights(PackedMatrix matrix, int count) {
    int inputs = matrix.inputs();
    short[] all = new short[count];
    int at = 0;
    for (int panel = 0; panel < matrix.panels(); panel++) {
      int blocks = Math.ceilDiv(matrix.outputsOf(panel), 64);
      short[] some;
      if (matrix.format().compact()) {
        MemorySegment written =
            at(matrix.address(panel), CompactEncoder.bytesAtMost(inputs, blocks));
        some = CompactWeights.decode(written.toArray(ValueLayout.JAVA_BYTE), inputs, blocks);
      } else {
        some = at(matrix.address(panel), 128L * blocks * inputs).toArray(ValueLayout.JAVA_SHORT);
      }
      assertThat(matrix.address(panel) % 64).isZero();
      System.arraycopy(some, 0, all, at, some.length);
      at += some.length;
    }
    return all;
  }

  @SuppressWarnings("restricted") // reads what kernels read
  private static MemorySegment at(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /**
   * 1,024 queries, 256 keys, 256 values: a panel with queries and keys would be computed for all.
   */
  @Test
  void shouldEndPanelsWhereQueriesEnd() {
    PackedMatrix matrix =
        pack(true, 1, source(1024, 64, 1), source(256, 64, 2), source(256, 64, 3));

    assertThat(matrix.panelOutputs()).isEqualTo(256);
  }

  @Test
  void shouldRefuseToStackWeightsOfUnequalWidths() {
    assertThatThrownBy(() -> pack(true, 1, source(64, 64, 1), source(64, 32, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("64 and 32");
  }
}
