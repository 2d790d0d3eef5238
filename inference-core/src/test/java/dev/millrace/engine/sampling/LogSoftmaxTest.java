package dev.millrace.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LogSoftmaxTest {

  @Test
  void shouldGiveLogProbabilities() {
    double[] out = new double[2];

    LogSoftmax.of(new float[] {0, (float) Math.log(3)}, new int[] {1, 0}, out);

    assertThat(out[0]).isCloseTo(Math.log(0.75), within(1e-7));
    assertThat(out[1]).isCloseTo(Math.log(0.25), within(1e-7));
  }

  @Test
  void shouldSurviveLargeLogits() {
    double[] out = new double[2];

    LogSoftmax.of(new float[] {3e38f, -3e38f}, new int[] {0, 1}, out);

    assertThat(out[0]).isZero();
    assertThat(out[1]).isLessThan(-1e38);
  }

  @Test
  void shouldPreferTheSmallestIdInATie() {
    assertThat(LogSoftmax.argmax(new float[] {-1, 2, 2, 1})).isEqualTo(1);
  }
}
