package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.testing.CharacterTokenizer;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class LabelSetTest {
  private static final CharacterTokenizer TOKENIZER = new CharacterTokenizer();
  private static final OptionalInt END = OptionalInt.of(CharacterTokenizer.END_OF_TURN);

  @Test
  void shouldEndOnlyALabelThatBeginsAnother() {
    List<int[]> tokens = LabelSet.of(List.of("java", "javascript", "jar"), TOKENIZER, END).tokens();

    int a = 'a' + CharacterTokenizer.SPECIAL;
    int j = 'j' + CharacterTokenizer.SPECIAL;
    int v = 'v' + CharacterTokenizer.SPECIAL;
    assertThat(tokens.get(0)).containsExactly(j, a, v, a, CharacterTokenizer.END_OF_TURN);
    assertThat(tokens.get(1)).hasSize(10).doesNotContain(CharacterTokenizer.END_OF_TURN);
    assertThat(tokens.get(2)).hasSize(3);
  }

  @Test
  void shouldRefuseWhatCannotBeToldApart() {
    assertThatThrownBy(() -> LabelSet.of(List.of("a", "a"), TOKENIZER, END))
        .hasMessageContaining("cannot tell label a from label a");
    assertThatThrownBy(() -> LabelSet.of(List.of("a", "ab"), TOKENIZER, OptionalInt.empty()))
        .hasMessageContaining("no end-of-turn token");
    assertThatThrownBy(() -> LabelSet.of(List.of("", "ab"), TOKENIZER, END))
        .hasMessageContaining("sees nothing");
  }
}
