package dev.millrace.engine.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class AdmissionWindowTest {

  @Test
  void shouldBeginWithAFewAndTakeMoreAsTheyFinish() {
    AdmissionWindow window = new AdmissionWindow(4, 64);
    assertThat(window.hasRoomBeside(3)).isTrue();
    assertThat(window.hasRoomBeside(4)).isFalse();

    for (int finished = 0; finished < 4; finished++) {
      window.finished();
    }
    assertThat(window.hasRoomBeside(11)).isTrue();
    assertThat(window.hasRoomBeside(12)).isFalse();
  }

  @Test
  void shouldHaveNoLimitOnceAllMayRun() {
    AdmissionWindow window = new AdmissionWindow(4, 6);
    window.finished();
    assertThat(window.hasRoomBeside(1_000)).isTrue();
  }

  @Test
  void shouldBeginSmallAgainAfterIdleTime() {
    AdmissionWindow window = new AdmissionWindow(4, 64);
    window.finished();
    window.idle();
    assertThat(window.hasRoomBeside(4)).isFalse();
  }

  @Test
  void shouldHaveNoLimitWhereNoneIsAsked() {
    assertThat(new AdmissionWindow(0, 64).hasRoomBeside(1_000)).isTrue();
  }
}
