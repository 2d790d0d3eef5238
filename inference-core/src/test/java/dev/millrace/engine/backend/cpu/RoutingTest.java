package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.engine.architecture.Router;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class RoutingTest {

  private static final Router SIGMOID = new Router.SigmoidOnInput();

  @Test
  void shouldGiveATieToTheSmallerIndex() {
    Routing routing = Routing.of(logits(1, 3, 3, 0, 2, 2, 2, 2), 2, 4, 4, 2, SIGMOID);

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
    Routing routing = Routing.of(logits(-1, 0.5f), 1, 2, 2, 1, SIGMOID);

    assertThat(routing.rowsOf(1)).isEqualTo(1);
    assertThat(routing.score(0)).isCloseTo((float) (1 / (1 + Math.exp(-0.5))), within(1e-7f));
  }

  @Test
  void shouldWeighWithTheSoftmaxOfAllLogitsOrOfTheChosen() {
    MemorySegment logits = logits(0, 1, 2, 88.5f, 88.25f, 88);

    Routing all = Routing.of(logits, 2, 3, 3, 2, new Router.SoftmaxOnOutput(false));
    Routing chosen = Routing.of(logits, 2, 3, 3, 2, new Router.SoftmaxOnOutput(true));

    // parts of e^2 + e + 1 and of e^2 + e; the second row would overflow as it stands
    assertThat(all.score(0)).isCloseTo(0.66524094f, within(1e-7f));
    assertThat(all.score(1)).isCloseTo(0.24472848f, within(1e-7f));
    assertThat(chosen.score(0)).isCloseTo(0.7310586f, within(1e-7f));
    assertThat(chosen.score(1)).isCloseTo(0.26894143f, within(1e-7f));
    assertThat(chosen.score(2)).isCloseTo(0.5621765f, within(1e-7f));
    assertThat(all.choice(2, 0)).isZero();
    assertThat(all.choice(0, 0)).isEqualTo(2);
  }

  @Test
  void shouldKeepRowsOfAnExpertInOrder() {
    Routing routing = Routing.of(logits(1, 0, 1, 0, 0, 1, 1, 0), 4, 2, 2, 1, SIGMOID);

    assertThat(routing.rowsOf(0)).isEqualTo(3);
    assertThat(new int[] {routing.choice(0, 0), routing.choice(0, 1), routing.choice(0, 2)})
        .containsExactly(0, 1, 3);
    assertThat(routing.choice(1, 0)).isEqualTo(2);
  }

  private static MemorySegment logits(float... values) {
    return MemorySegment.ofArray(values);
  }
}
