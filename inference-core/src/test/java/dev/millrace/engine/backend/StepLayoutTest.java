package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.backend.StepLayout.Run;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StepLayoutTest {

  private static final int[] FIRST_BLOCKS = {4, 2};
  private static final int[] SECOND_BLOCKS = {7};

  private final StepLayout layout =
      new StepLayout(
          List.of(
              new Run(new int[] {10, 11, 12, 13, 14}, 3, FIRST_BLOCKS),
              new Run(new int[] {20}, 0, SECOND_BLOCKS),
              new Run(new int[] {30, 31}, 6, SECOND_BLOCKS)));

  @Test
  void shouldCutWhatIsLeftOfARunIntoConsecutiveTokens() {
    StepLayout kept = layout.keep(new int[] {0, 2, 3, 7});

    assertThat(kept.rows()).isEqualTo(4);
    assertThat(kept.runs()).hasSize(3);
    check(kept.runs().get(0), 3, FIRST_BLOCKS, 10);
    check(kept.runs().get(1), 5, FIRST_BLOCKS, 12, 13);
    check(kept.runs().get(2), 7, SECOND_BLOCKS, 31);
  }

  @Test
  void shouldNotJoinRunsThatTouch() {
    StepLayout kept = layout.keep(new int[] {4, 5, 6});

    assertThat(kept.runs()).hasSize(3);
    check(kept.runs().get(0), 7, FIRST_BLOCKS, 14);
    check(kept.runs().get(1), 0, SECOND_BLOCKS, 20);
    check(kept.runs().get(2), 6, SECOND_BLOCKS, 30);
  }

  @Test
  void shouldKeepAll() {
    StepLayout kept = layout.keep(new int[] {0, 1, 2, 3, 4, 5, 6, 7});

    assertThat(kept.runs()).hasSize(3);
    check(kept.runs().get(0), 3, FIRST_BLOCKS, 10, 11, 12, 13, 14);
  }

  @Test
  void shouldRefuseRowsThatAreNotThereOrDoNotAscend() {
    for (int[] rows : new int[][] {{8}, {-1}, {3, 3}, {6, 2}}) {
      assertThatThrownBy(() -> layout.keep(rows))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rows to keep ascend from 0 to 7");
    }
  }

  private static void check(Run run, int position, int[] blocks, int... tokens) {
    assertThat(run.position()).isEqualTo(position);
    assertThat(run.blocks()).isSameAs(blocks);
    assertThat(run.tokens()).containsExactly(tokens);
  }
}
