package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class RoutingTest {

  @Test
  void shouldGiveATieToTheSmallerIndex() {
    Routing routing = Routing.of(logits(1, 3, 3, 0, 2, 2, 2, 2), 2, 4, 4, 2);

    assertThat(routing.rowsOf(0)).isEqualTo(1);
    assertThat(routing.rowsOf(1)).isEqualTo(2);
    assertThat(routing.rowsOf(2)).isEqualTo(1);
    assertThat(routing.rowsOf(3)).isZero();
    assertThat(routing.choice(1, 0)).isZero();
    assertThat(routing.choice(1, 1)).isEqualTo(3);
    assertThat(routing.choice(2, 0)).isEqualTo(1);
    assertThat(routing.choice(0, 0)).isEqualTo(2);
  }

  @Test
  void shouldScoreWithTheSigmoidOfTheLogit() {
    Routing routing = Routing.of(logits(-1, 0.5f), 1, 2, 2, 1);

    assertThat(routing.rowsOf(1)).isEqualTo(1);
    assertThat(routing.score(0)).isCloseTo((float) (1 / (1 + Math.exp(-0.5))), within(1e-7f));
  }

  @Test
  void shouldKeepRowsOfAnExpertInOrder() {
    Routing routing = Routing.of(logits(1, 0, 1, 0, 0, 1, 1, 0), 4, 2, 2, 1);

    assertThat(routing.rowsOf(0)).isEqualTo(3);
    assertThat(new int[] {routing.choice(0, 0), routing.choice(0, 1), routing.choice(0, 2)})
        .containsExactly(0, 1, 3);
    assertThat(routing.choice(1, 0)).isEqualTo(2);
  }

  private static MemorySegment logits(float... values) {
    return MemorySegment.ofArray(values);
  }
}
