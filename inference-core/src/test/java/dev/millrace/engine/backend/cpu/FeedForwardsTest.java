package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FeedForwardsTest {

  @Test
  void shouldSpreadSomeTasksAmongOthers() {
    assertThat(FeedForwards.spread(List.of("A", "B"), List.of("1", "2", "3", "4", "5", "6")))
        .containsExactly("A", "1", "2", "3", "B", "4", "5", "6");
    assertThat(FeedForwards.spread(List.of("A", "B", "C"), List.of("1")))
        .containsExactly("A", "1", "B", "C");
  }

  @Test
  void shouldKeepTheOrderOfTasksOfOneKind() {
    assertThat(FeedForwards.spread(List.of(1, 2, 3), List.of())).containsExactly(1, 2, 3);
    assertThat(FeedForwards.spread(List.of(), List.of(1, 2, 3))).containsExactly(1, 2, 3);
    assertThat(FeedForwards.spread(List.of(), List.of())).isEmpty();
  }
}
