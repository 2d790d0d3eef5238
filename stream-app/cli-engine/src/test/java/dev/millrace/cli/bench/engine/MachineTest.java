package dev.millrace.cli.bench.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class MachineTest {
  private static final Machine MACHINE = new Machine(20e9, 1e12);

  @Test
  void shouldTakeMemoryForALimitOfLargeModels() {
    // 455 million parameters of 12 bits, 69 million of them read by a step
    assertThat(MACHINE.stepsPerSecond(455e6 * 1.5, 69e6 * 1.5)).isCloseTo(193.2, within(0.1));
  }

  /** 135 million parameters of 12 bits decoded at 169 % of what memory seemed to allow. */
  @Test
  void shouldStateNoLimitOfWeightsThatMayStayInACache() {
    assertThat(MACHINE.stepsPerSecond(135e6 * 1.5, 135e6 * 1.5)).isZero();
  }

  @Test
  void shouldCountAllExpertsAmongAllWeights() {
    ModelWork work = new ModelWork(10, 3, 8, 2, 4, 100, 0);

    assertThat(work.bytes(1.5, 2)).isEqualTo(1.5 * (10 + 4 * 8 * 3) + 200);
    assertThat(work.bytesRead(1_000_000, 1.5, 2)).isEqualTo(work.bytes(1.5, 2));
  }
}
