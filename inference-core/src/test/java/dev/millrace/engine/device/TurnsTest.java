package dev.millrace.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class TurnsTest {
  private final Turns<String> turns = new Turns<>();
  private final long[] rows = new long[2];
  private final long[] steps = new long[2];

  @Test
  void shouldShareRowsByTheShares() {
    turns.add("a", 3);
    turns.add("b", 1);

    run(4000, 500, 500);

    assertThat((double) rows[0] / rows[1]).isCloseTo(3, within(0.01));
  }

  @Test
  void shouldShareRowsWhateverTheSizeOfSteps() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    turns.add("a", 1);
    turns.add("b", 1);
    long a = 0;
    long b = 0;
    for (int i = 0; i < 20_000; i++) {
      String next = turns.next(List.of("a", "b"));
      int computed = next.equals("a") ? 1 + random.nextInt(1000) : 1 + random.nextInt(300);
      turns.charge(next, computed);
      if (next.equals("a")) {
        a += computed + Turns.STEP_ROWS;
      } else {
        b += computed + Turns.STEP_ROWS;
      }
    }
    assertThat((double) a / b).as("seed %d", seed).isCloseTo(1, within(0.02));
  }

  @Test
  void shouldNotLetOneThatDecodesRunAThousandStepsBetweenTwoOfOneThatReads() {
    turns.add("a", 1);
    turns.add("b", 1);

    run(2000, 1024, 1);

    assertThat((double) steps[1] / steps[0]).isBetween(10.0, 17.0);
  }

  @Test
  void shouldNotLetAnIdleOneCatchUp() {
    turns.add("a", 1);
    turns.add("b", 1);
    for (int i = 0; i < 100; i++) {
      assertThat(turns.next(List.of("a"))).isEqualTo("a");
      turns.charge("a", 100);
    }

    run(10, 100, 100);

    assertThat(steps).containsExactly(5, 5);
  }

  @Test
  void shouldGoOnWithTheOthersWhenOneHasGone() {
    turns.add("a", 1);
    turns.add("b", 1);
    run(9, 100, 100);
    turns.remove("b");

    assertThat(turns.next(List.of("a"))).isEqualTo("a");
  }

  private void run(int count, int rowsOfA, int rowsOfB) {
    for (int i = 0; i < count; i++) {
      String next = turns.next(List.of("a", "b"));
      int who = next.equals("a") ? 0 : 1;
      int computed = who == 0 ? rowsOfA : rowsOfB;
      rows[who] += computed;
      steps[who]++;
      turns.charge(next, computed);
    }
  }
}
