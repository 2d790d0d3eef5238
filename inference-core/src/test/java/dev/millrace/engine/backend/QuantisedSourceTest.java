package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.backend.QuantisedSource.Float8Channels;
import dev.millrace.engine.backend.QuantisedSource.Int4Groups;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Float8;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import dev.millrace.engine.tensor.TestTensors;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class QuantisedSourceTest {

  private static Tensor bytes(int... values) {
    byte[] data = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      data[i] = (byte) values[i];
    }
    return new Tensor(
        "w", DType.F8_E4M3, Shape.of(2, values.length / 2), MemorySegment.ofArray(data));
  }

  private static Tensor words(int rows, int... values) {
    return new Tensor(
        "w_packed",
        DType.I32,
        Shape.of(rows, values.length / rows),
        MemorySegment.ofArray(values.clone()));
  }

  private static float[] row(MatrixSource source, int output) {
    float[] row = new float[source.inputs()];
    source.readOutput(output, row);
    return row;
  }

  @Test
  void shouldDecodeEveryKindOfFloat8() {
    assertThat(Float8.toFloat((byte) 0x00)).isZero();
    assertThat(Float8.toFloat((byte) 0x01)).isEqualTo(0x1p-9f);
    assertThat(Float8.toFloat((byte) 0x07)).isEqualTo(7 * 0x1p-9f);
    assertThat(Float8.toFloat((byte) 0x08)).isEqualTo(0x1p-6f);
    assertThat(Float8.toFloat((byte) 0x38)).isEqualTo(1);
    assertThat(Float8.toFloat((byte) 0x7e)).isEqualTo(Float8.MAX);
    assertThat(Float8.toFloat((byte) 0xfe)).isEqualTo(-Float8.MAX);
    assertThat(Float8.toFloat((byte) 0x7f)).isNaN();
    assertThat(Float8.toFloat((byte) 0xff)).isNaN();
  }

  @Test
  void shouldScaleFloat8PerOutputOrAsAWhole() {
    Tensor values = bytes(0x38, 0x40, 0xb8, 0x01);
    MatrixSource perOutput = new Float8Channels(values, TestTensors.f32(Shape.of(2, 1), 0.5f, 10f));
    assertThat(row(perOutput, 0)).containsExactly(0.5f, 1);
    assertThat(row(perOutput, 1)).containsExactly(-10, 10 * 0x1p-9f);
    MatrixSource whole = new Float8Channels(values, TestTensors.f32(Shape.of(1), 3));
    assertThat(row(whole, 1)).containsExactly(-3, 3 * 0x1p-9f);
  }

  @Test
  void shouldReadTheLowestBitsFirstAndSubtractTheOffset() {
    // inputs 0 to 7 of the only output: 0 to 7, stored with 8 added; input 8: -8
    Tensor packed = words(1, 0xfedcba98, 0x00000000);
    Tensor scales = TestTensors.f32(Shape.of(1, 3), 1, 2, 4);
    MatrixSource source = new Int4Groups(packed, scales, Optional.empty(), Optional.empty(), 9);
    assertThat(row(source, 0)).containsExactly(0, 1, 2, 6, 8, 10, 24, 28, -32);
  }

  @Test
  void shouldSubtractZeroPointsPackedAlongTheOutputs() {
    Tensor packed = words(2, 0x88888888, 0x88888888);
    Tensor scales = TestTensors.f32(Shape.of(2, 2), 1, 10, 100, 1000);
    // group 0: 1 for output 0, 2 for output 1; group 1: -1 and -2
    Tensor zeros = words(1, 0x000000a9, 0x00000067);
    MatrixSource source = new Int4Groups(packed, scales, Optional.of(zeros), Optional.empty(), 8);
    assertThat(row(source, 0)).containsExactly(-1, -1, -1, -1, 10, 10, 10, 10);
    assertThat(row(source, 1)).containsExactly(-200, -200, -200, -200, 2000, 2000, 2000, 2000);
  }

  @Test
  void shouldFollowTheGroupsOfReorderedInputs() {
    Tensor packed = words(1, 0x99999999);
    Tensor scales = TestTensors.f32(Shape.of(1, 2), 1, 10);
    Tensor groups =
        new Tensor(
            "g", DType.I32, Shape.of(8), MemorySegment.ofArray(new int[] {1, 0, 1, 0, 0, 0, 1, 1}));
    MatrixSource source = new Int4Groups(packed, scales, Optional.empty(), Optional.of(groups), 8);
    assertThat(row(source, 0)).containsExactly(10, 1, 10, 1, 1, 1, 10, 10);
  }

  @Test
  void shouldDropGroupsThatSayWhatGoesWithoutSaying() {
    Tensor packed = words(1, 0x99999999);
    Tensor scales = TestTensors.f32(Shape.of(1, 2), 1, 10);
    for (int[] groups : new int[][] {{0, 0, 0, 0, 1, 1, 1, 1}, {-1, -1, -1, -1, -1, -1, -1, -1}}) {
      Tensor said = new Tensor("g", DType.I32, Shape.of(8), MemorySegment.ofArray(groups));
      Int4Groups source = new Int4Groups(packed, scales, Optional.empty(), Optional.of(said), 8);

      assertThat(source.groupOfInput()).isEmpty();
      assertThat(row(source, 0)).containsExactly(1, 1, 1, 1, 10, 10, 10, 10);
    }
    Tensor unset =
        new Tensor(
            "g",
            DType.I32,
            Shape.of(8),
            MemorySegment.ofArray(new int[] {0, -1, 0, 0, 0, 0, 0, 0}));
    assertThatThrownBy(() ->
            new Int4Groups(
                packed,
                TestTensors.f32(Shape.of(1, 3), 1, 1, 1),
                Optional.empty(),
                Optional.of(unset),
                8))
        .hasMessageContaining("groups that divide 8 inputs");
  }

  @Test
  void shouldRefuseExtentsAndGroupsThatDoNotFit() {
    Tensor scales = TestTensors.f32(Shape.of(1, 2), 1, 10);
    assertThatThrownBy(
            () -> new Int4Groups(words(1, 0, 0, 0), scales, Optional.empty(), Optional.empty(), 8))
        .hasMessageContaining(
            "tensor w_packed is I32 [1, 3], expected I32 [outputs, 1] for 8 inputs");
    Tensor outside =
        new Tensor(
            "g", DType.I32, Shape.of(8), MemorySegment.ofArray(new int[] {0, 0, 0, 2, 0, 0, 0, 0}));
    assertThatThrownBy(
            () -> new Int4Groups(words(1, 0), scales, Optional.empty(), Optional.of(outside), 8))
        .hasMessageContaining("expected groups from 0 to 1, found 2 for input 3");
    assertThatThrownBy(() ->
            new Int4Groups(
                words(1, 0),
                TestTensors.f32(Shape.of(1, 3), 1, 1, 1),
                Optional.empty(),
                Optional.empty(),
                8))
        .hasMessageContaining("groups that divide 8 inputs");
    assertThatThrownBy(
            () -> new Float8Channels(bytes(0, 0, 0, 0), TestTensors.f32(Shape.of(3), 1, 1, 1)))
        .hasMessageContaining("one floating scale per output of [2, 2], or one for all");
  }

  @Test
  void shouldNotTakeScalesOfBlocksForThoseOfOutputsIfThereAreAsMany() {
    for (Shape blocks : List.of(Shape.of(1, 2), Shape.of(1, 2, 1), Shape.of(2, 1, 1))) {
      assertThatThrownBy(() -> new Float8Channels(bytes(0, 0, 0, 0), TestTensors.f32(blocks, 1, 2)))
          .as("%s", blocks)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("one floating scale per output of [2, 2], or one for all");
    }
    for (Shape channels : List.of(Shape.of(2), Shape.of(2, 1))) {
      assertThat(
              row(
                  new Float8Channels(
                      bytes(0x38, 0x38, 0x38, 0x38), TestTensors.f32(channels, 1, 2)),
                  1))
          .containsExactly(2, 2);
    }
  }
}
