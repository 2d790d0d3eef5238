package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

final class MatrixSourceTest {

  private static final Tensor THREE_BY_FOUR =
      new Tensor("m", DType.F32, Shape.of(3, 4), MemorySegment.ofArray(new float[12]));

  @Test
  void shouldReadTheWidthsInTheOrderOfTheFile() {
    MatrixSource linear = new MatrixSource.Plain(THREE_BY_FOUR, MatrixSource.Order.OUT_IN);
    assertThat(linear.outputs()).isEqualTo(3);
    assertThat(linear.inputs()).isEqualTo(4);

    MatrixSource expert = new MatrixSource.Plain(THREE_BY_FOUR, MatrixSource.Order.IN_OUT);
    assertThat(expert.outputs()).isEqualTo(4);
    assertThat(expert.inputs()).isEqualTo(3);

    MatrixSource half = new MatrixSource.Columns(THREE_BY_FOUR, 2, 2);
    assertThat(half.outputs()).isEqualTo(2);
    assertThat(half.inputs()).isEqualTo(3);
  }

  @Test
  void shouldRefuseColumnsThatDoNotExist() {
    assertThatThrownBy(() -> new MatrixSource.Columns(THREE_BY_FOUR, 3, 2))
        .hasMessageContaining("no 2 columns from 3");
    assertThatThrownBy(() -> new MatrixSource.Columns(THREE_BY_FOUR, -1, 2))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new MatrixSource.Columns(THREE_BY_FOUR, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
