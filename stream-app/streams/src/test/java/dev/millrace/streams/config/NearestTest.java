package dev.millrace.streams.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestTest {

  @Test
  void shouldCountEditsAndSwapsOfNeighbours() {
    assertThat(Nearest.distance("", "abc")).isEqualTo(3);
    assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
    assertThat(Nearest.distance("ab", "ba")).isEqualTo(1);
  }

  @Test
  void shouldKeepSilentWhenNothingIsNear() {
    assertThat(Nearest.hint("xyzzy", List.of("app.id"))).isEmpty();
    assertThat(Nearest.hint("ap.id", List.of("app.id"))).contains("\"app.id\"");
  }
}
