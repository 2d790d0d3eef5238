package dev.millrace.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CounterRandomTest {

  @Test
  void shouldGiveThePublishedNumbersOfPhilox() {
    // the known answers of the generator's authors: zeros, ones, digits of pi
    assertThat(philox(0, 0, 0, 0, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(philox(-1, -1, -1, -1, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    assertThat(philox(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  @Test
  void shouldUseTheFirst53BitsAsAFraction() {
    // 0x6627e8d5e169c58d >>> 11 = 0xcc4fd1abc2d38, times 2^-53
    assertThat(CounterRandom.uniform(0, 0)).isEqualTo(0xcc4fd1abc2d38L * 0x1.0p-53);
  }

  @Test
  void shouldDependOnAllBitsOfSeedAndPosition() {
    double base = CounterRandom.uniform(5, 7);

    assertThat(CounterRandom.uniform(5, 7)).isEqualTo(base);
    assertThat(CounterRandom.uniform(5 + (1L << 32), 7)).isNotEqualTo(base);
    assertThat(CounterRandom.uniform(5, 7 + (1L << 32))).isNotEqualTo(base);
    assertThat(CounterRandom.uniform(7, 5)).isNotEqualTo(base);
  }

  @Test
  void shouldBeUniform() {
    int[] tenths = new int[10];
    for (int position = 0; position < 100_000; position++) {
      tenths[(int) (10 * CounterRandom.uniform(42, position))]++;
    }

    for (int count : tenths) {
      assertThat(count / 10_000.0).isCloseTo(1, within(0.05));
    }
  }

  private static int[] philox(int c0, int c1, int c2, int c3, int k0, int k1) {
    int[] words = {c0, c1, c2, c3};
    CounterRandom.philox(words, k0, k1);
    return words;
  }
}
