package dev.millrace.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StillnessTest {

  private static final long LIMIT = Stillness.LIMIT.toNanos();

  private final AtomicLong clock = new AtomicLong(-17);
  private final Stillness stillness = new Stillness(clock::get);

  @Test
  void shouldEndWhenNothingMoves() {
    assertThat(after(LIMIT, 0, 0)).isFalse();
    assertThat(after(1, 0, 0)).isTrue();
  }

  @Test
  void shouldWaitForASlowDevice() {
    assertThat(after(LIMIT, 0, 1)).isFalse();
    assertThat(after(LIMIT, 0, 2)).isFalse();
    assertThat(after(LIMIT, 0, 2)).isFalse();
    assertThat(after(1, 0, 2)).isTrue();
  }

  @Test
  void shouldStartAgainWithEachOutcome() {
    assertThat(after(LIMIT, 1, 5)).isFalse();
    assertThat(after(LIMIT, 2, 5)).isFalse();
    assertThat(after(LIMIT + 1, 2, 5)).isTrue();
  }

  private boolean after(long nanos, long outcomes, double rows) {
    clock.addAndGet(nanos);
    return stillness.tooLong(outcomes, rows);
  }
}
