package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SuggestionTest {

  @Test
  void shouldCountEditsAndSwapsOfNeighbours() {
    assertThat(Suggestion.distance("", "abc")).isEqualTo(3);
    assertThat(Suggestion.distance("kitten", "sitting")).isEqualTo(3);
    assertThat(Suggestion.distance("ab", "ba")).isEqualTo(1);
  }

  @Test
  void shouldKeepSilentWhenNothingIsNear() {
    assertThat(Suggestion.hint("xyzzy", List.of("app.id"))).isEmpty();
    assertThat(Suggestion.hint("ap.id", List.of("app.id"))).contains("\"app.id\"");
  }

  @Test
  void shouldNameAllThatIsKnownWhereNothingIsNear() {
    assertThat(Suggestion.among(List.of("name", "labels"), "lables"))
        .isEqualTo(" (did you mean \"labels\"?)");
    assertThat(Suggestion.among(List.of("name", "labels"), "zzzzzz"))
        .isEqualTo(" (known: name, labels)");
  }
}
