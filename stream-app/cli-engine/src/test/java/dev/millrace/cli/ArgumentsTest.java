package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a real command line is made of, and what the launcher does, LauncherIT holds. */
class ArgumentsTest {

  @Test
  void shouldTakeWhateverWasReadRight() {
    assertThat(Arguments.problem()).isEmpty();
    assertThat(Arguments.problem("enrich", "--input", "-", "für naïve Köche", "日本", "\uD83D\uDE00"))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\uFFFD\uFFFDbersetzung", "a\uD83D", "\uDE00", "docs/\uFFFD.jsonl"})
  void shouldRefuseWhatLostCharactersOnTheWay(String garbled) {
    assertThat(Arguments.problem("model", "generate", garbled))
        .hasValueSatisfying(problem ->
            assertThat(problem)
                .contains("argument 3", System.getProperty("sun.jnu.encoding"), "LC_ALL=C.UTF-8")
                .doesNotContain(garbled));
  }
}
