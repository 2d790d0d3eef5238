package dev.millrace.streams.processor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.streams.ends.ProcessEnd;
import dev.millrace.streams.ends.ProcessEnds;
import dev.millrace.streams.processor.Restarts.Trial;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RestartsTest {
  private static final int MAX = 3;

  private static ProcessEnds ends(Map<Long, ProcessEnd> known) {
    return new ProcessEnds() {
      @Override
      public long process() {
        return 99;
      }

      @Override
      public ProcessEnd of(long process) {
        return known.getOrDefault(process, ProcessEnd.UNKNOWN);
      }

      @Override
      public void crashing(String how) {
        throw new AssertionError(how);
      }
    };
  }

  @Test
  void shouldCountEndsByTheirKind() {
    ProcessEnds known =
        ends(
            Map.of(
                1L, ProcessEnd.CRASHED,
                2L, ProcessEnd.UNEXPLAINED,
                3L, ProcessEnd.IN_ORDER));
    Restarts before = new Restarts(0, 0, 0, Trial.NONE, List.of(1L, 2L, 3L, 4L));

    assertThat(before.found(known)).isEqualTo(new Restarts(1, 1, 0, Trial.NONE, List.of(4L)));
  }

  @Test
  void shouldLearnLaterHowAProcessEndedThatRanElsewhere() {
    Restarts elsewhere = Restarts.none(1).found(ends(Map.of())).inFlight(Trial.NONE, 2);
    assertThat(elsewhere).isEqualTo(new Restarts(0, 0, 0, Trial.NONE, List.of(1L, 2L)));

    Restarts back = elsewhere.found(ends(Map.of(1L, ProcessEnd.CRASHED)));

    assertThat(back).isEqualTo(new Restarts(1, 0, 0, Trial.NONE, List.of(2L)));
  }

  @Test
  void shouldCountAsAloneOnlyTheEndOfTheProcessThatHadItAlone() {
    Restarts alone = new Restarts(2, 0, 0, Trial.ALONE, List.of(1L, 2L));

    assertThat(alone.found(ends(Map.of(1L, ProcessEnd.CRASHED))).alone()).isZero();
    assertThat(alone.found(ends(Map.of(2L, ProcessEnd.CRASHED))).alone()).isEqualTo(1);
    assertThat(alone.found(ends(Map.of(2L, ProcessEnd.IN_ORDER))).alone()).isZero();
  }

  @Test
  void shouldProveNothingByAnyNumberOfEndsAmongOthers() {
    Restarts restarts = Restarts.none(1);
    for (long process = 1; process < 50; process++) {
      Restarts before = restarts.inFlight(Trial.GROUP, process);
      restarts = before.found(ends(Map.of(process, ProcessEnd.CRASHED)));
      assertThat(restarts.isProof(before, MAX)).isFalse();
    }
    assertThat(restarts.count()).isEqualTo(49);
  }

  @Test
  void shouldProveByACrashAloneAfterOthers() {
    Restarts second = new Restarts(1, 4, 0, Trial.ALONE, List.of(1L));
    Restarts third = new Restarts(2, 0, 0, Trial.ALONE, List.of(1L));
    ProcessEnds crashed = ends(Map.of(1L, ProcessEnd.CRASHED));

    assertThat(second.found(crashed).isProof(second, MAX)).as("two crashes").isFalse();
    assertThat(third.found(crashed).isProof(third, MAX)).as("three crashes").isTrue();
  }

  @Test
  void shouldProveWithoutATraceOnlyByRepetitionAlone() {
    Restarts restarts = new Restarts(0, 9, 0, Trial.NONE, List.of());
    for (long process = 1; process <= MAX; process++) {
      Restarts before = restarts.inFlight(Trial.ALONE, process);
      restarts = before.found(ends(Map.of(process, ProcessEnd.UNEXPLAINED)));
      assertThat(restarts.isProof(before, MAX)).as("end %d", process).isEqualTo(process == MAX);
    }
  }

  @Test
  void shouldNotForgetWhatNobodyKnowsForEver() {
    Restarts restarts = Restarts.none(1);
    ProcessEnds nothing = ends(Map.of());
    int suspectAfter = 0;
    for (long process = 2; !restarts.suspect(); process++) {
      restarts = restarts.found(nothing).inFlight(Trial.NONE, process);
      suspectAfter++;
    }
    assertThat(suspectAfter).as("processes that all vanished with it").isEqualTo(7);

    for (long process = 100; restarts.alone() < MAX; process++) {
      restarts = restarts.inFlight(Trial.ALONE, process).found(nothing);
      assertThat(process).isLessThan(110);
    }
  }

  @Test
  void shouldForgetAProcessThatSaysSo() {
    Restarts before = new Restarts(1, 2, 0, Trial.ALONE, List.of(4L, 7L));

    assertThat(before.pardoned(7)).isEqualTo(new Restarts(1, 2, 0, Trial.NONE, List.of(4L)));
  }

  @Test
  void shouldRefuseMoreProcessesThanAreStored() {
    assertThatThrownBy(() -> new Restarts(0, 0, 0, Trial.NONE, List.of(1L, 2L, 3L, 4L, 5L, 6L)))
        .hasMessageContaining("got 6");
  }
}
