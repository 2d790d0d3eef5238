package dev.millrace.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

final class TensorTest {

  private static final Tensor STACKED =
      new Tensor(
          "experts",
          DType.F32,
          Shape.of(2, 3, 1),
          MemorySegment.ofArray(new float[] {1, 2, 3, 4, 5, 6}));

  @Test
  void shouldSliceAlongTheOutermostDimension() {
    Tensor second = STACKED.slice(1);

    assertThat(second.name()).isEqualTo("experts[1]");
    assertThat(second.shape()).isEqualTo(Shape.of(3, 1));
    assertThat(second.data().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(4, 5, 6);
  }

  @Test
  void shouldRefuseAnIndexOutsideTheTensor() {
    assertThatThrownBy(() -> STACKED.slice(2)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> STACKED.slice(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    Tensor scalar =
        new Tensor("scalar", DType.U8, Shape.of(), MemorySegment.ofArray(new byte[] {1}));
    assertThatThrownBy(() -> scalar.slice(0)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void shouldRefuseMemoryOfAnotherSize() {
    assertThatThrownBy(() ->
            new Tensor("short", DType.F32, Shape.of(2, 2), MemorySegment.ofArray(new float[3])))
        .hasMessageContaining("short: F32 [2, 2] needs 16 bytes, got 12");
  }

  @Test
  void shouldReadFloatsOfEveryFloatingTypeFromAnyIndex() {
    float[] values = {0, -1.5f, 3.25f, 1e-6f, -0.0f, 65504};
    for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      float[] read = new float[5];

      TestTensors.of(type, Shape.of(6), values).readFloats(1, read, 2, 3);

      float smallest = type == DType.BF16 ? 0x1.0cp-20f : type == DType.F16 ? 0x1.1p-20f : 1e-6f;
      assertThat(read).as(type.name()).containsExactly(0, 0, -1.5f, 3.25f, smallest);
    }
  }

  @Test
  void shouldRefuseToReadIntegersAsFloats() {
    Tensor integers =
        new Tensor("ids", DType.I32, Shape.of(1), MemorySegment.ofArray(new int[] {1}));

    assertThat(integers.floating()).isFalse();
    assertThatThrownBy(() -> integers.readFloats(0, new float[1], 0, 1))
        .hasMessageContaining("ids holds I32");
  }
}
