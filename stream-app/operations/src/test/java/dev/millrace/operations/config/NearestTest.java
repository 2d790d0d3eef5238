package dev.millrace.operations.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestTest {

  @Test
  void shouldMeetKnownNamesInOneOrder() {
    // Of two names that are equally near, the first is suggested.
    assertThat(List.copyOf(ClientSettings.known())).isSorted().hasSizeGreaterThan(100);
  }

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
