package dev.millrace.engine.checkpoint.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Values computed by hand from the formulas for theta 500,000 and 128 elements. */
final class RotaryFrequenciesTest {

  private static final double[] PLAIN = RotaryFrequencies.plain(500_000, 128);

  @Test
  void shouldComputeThePlainFrequencies() {
    assertThat(PLAIN).hasSize(64);
    assertThat(PLAIN[0]).isEqualTo(1);
    near(PLAIN[34], 9.384738704e-4);
    near(PLAIN[35], 7.644969883e-4);
    near(PLAIN[63], 2.455140791e-6);
  }

  @Test
  void shouldSplitSharplyWhenBothFactorsAreEqual() {
    double[] scaled = RotaryFrequencies.llama3(PLAIN, 16, 1, 1, 8_192);

    for (int j = 0; j < 64; j++) {
      near(scaled[j], j <= 34 ? PLAIN[j] : PLAIN[j] / 16);
    }
    near(scaled[34], 9.384738704e-4);
    near(scaled[35], 4.778106177e-5);
    near(scaled[63], 1.534462994e-7);
  }

  @Test
  void shouldBlendBetweenTheFactors() {
    double[] scaled = RotaryFrequencies.llama3(PLAIN, 8, 1, 4, 8_192);

    for (int j = 0; j <= 28; j++) {
      near(scaled[j], PLAIN[j]);
    }
    near(PLAIN[29], 2.616099253e-3);
    near(scaled[29], 2.166570764e-3);
    near(scaled[34], 1.785078128e-4);
    for (int j = 35; j < 64; j++) {
      near(scaled[j], PLAIN[j] / 8);
    }
  }

  private static void near(double found, double expected) {
    assertThat(found).isCloseTo(expected, within(expected * 1e-9));
  }
}
