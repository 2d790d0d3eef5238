package dev.millrace.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class StopStringsTest {

  @Test
  void shouldFindWhatIsSpreadOverPieces() {
    StopStrings stops = new StopStrings(List.of("END.", "###"));

    assertThat(stops.add("the E")).isFalse();
    assertThat(stops.add("")).isFalse();
    assertThat(stops.add("N")).isFalse();
    assertThat(stops.found()).isEmpty();
    assertThat(stops.add("D. and more")).isTrue();
    assertThat(stops.found()).contains("END.");
  }

  @Test
  void shouldTellTheOneThatComesFirst() {
    StopStrings stops = new StopStrings(List.of("later", "first"));

    assertThat(stops.add("first, later")).isTrue();
    assertThat(stops.found()).contains("first");
  }

  @Test
  void shouldFindWhatTheWholeTextContains() {
    for (int seed = 0; seed < 500; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      List<String> wanted = List.of(word(random, 4), word(random, 4));
      StopStrings stops = new StopStrings(wanted);
      StringBuilder text = new StringBuilder();
      boolean found = false;
      for (int i = 0; i < 30 && !found; i++) {
        String piece = word(random, 3);
        text.append(piece);
        found = stops.add(piece);
        assertThat(found)
            .as("seed %d", seed)
            .isEqualTo(wanted.stream().anyMatch(one -> text.indexOf(one) >= 0));
      }
    }
  }

  private static String word(SplittableRandom random, int lengthMax) {
    StringBuilder word = new StringBuilder();
    for (int i = random.nextInt(lengthMax); i >= 0; i--) {
      word.append((char) ('a' + random.nextInt(3)));
    }
    return word.toString();
  }
}
