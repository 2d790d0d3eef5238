package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DisplayWidthTest {

  @Test
  void shouldCountColumnsAsATerminalDoes() {
    assertThat(DisplayWidth.of("plain")).isEqualTo(5);
    assertThat(DisplayWidth.of("日本語")).isEqualTo(6);
    assertThat(DisplayWidth.of("e\u0301")).isEqualTo(1);
    assertThat(DisplayWidth.of("a\u0007b")).isEqualTo(2);
    assertThat(DisplayWidth.of("😀")).isEqualTo(2);
  }

  @Test
  void shouldCutWithAnEllipsisAndNeverExceedTheWidth() {
    assertThat(DisplayWidth.cut("abcdef", 6)).isEqualTo("abcdef");
    assertThat(DisplayWidth.cut("abcdef", 5)).isEqualTo("abcd…");
    assertThat(DisplayWidth.cut("日本語日本語", 6)).isEqualTo("日本…");
    assertThat(DisplayWidth.cut("abc", 0)).isEmpty();
    for (int width = 1; width < 12; width++) {
      assertThat(DisplayWidth.of(DisplayWidth.cut("a日e\u0301😀 b日c", width)))
          .isLessThanOrEqualTo(width);
    }
  }

  @Test
  void shouldNotCutACharacterInTwo() {
    assertThat(DisplayWidth.cut("e\u0301e\u0301e\u0301", 2)).isEqualTo("e\u0301…");
  }

  @Test
  void shouldPutATextOnOneLineWithoutControlCharacters() {
    assertThat(DisplayWidth.oneLine(" a\n\n b\t\u001b[31mc ")).isEqualTo("a b [31mc");
  }
}
