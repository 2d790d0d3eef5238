package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.TextSplitter.Part;
import dev.millrace.enrichment.testing.CharacterTokenizer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TextSplitterTest {

  @Test
  void shouldPreferTheEndOfAParagraph() {
    assertThat(texts("One one.\nTwo two.\n\nThree. Three three.", 32))
        .containsExactly("One one.\nTwo two.", "Three. Three three.");
  }

  @Test
  void shouldPreferTheEndOfALineToThatOfASentence() {
    assertThat(texts("A heading\nThen one. Then two and three and four", 32))
        .containsExactly("A heading\nThen one.", "Then two and three and four");
    assertThat(texts("A longer heading here\nThen one. Then two and three", 32))
        .containsExactly("A longer heading here", "Then one. Then two and three");
  }

  @Test
  void shouldCutAtSentencesThenWordsThenCharacters() {
    assertThat(texts("It rains today (again.) So we stay.", 32))
        .containsExactly("It rains today (again.)", "So we stay.");
    assertThat(texts("aaaa bbbb cccc dddd eeee ffff gggg hhhh", 32))
        .containsExactly("aaaa bbbb cccc dddd eeee ffff", "gggg hhhh");
    assertThat(texts("x".repeat(70), 32))
        .containsExactly("x".repeat(32), "x".repeat(32), "x".repeat(6));
    assertThat(texts("今日は雨です。" + "あ".repeat(14) + "。" + "い".repeat(20), 32))
        .containsExactly("今日は雨です。" + "あ".repeat(14) + "。", "い".repeat(20));
  }

  @Test
  void shouldNeverCutACharacterInTwo() {
    String astral = "😀".repeat(40);
    String marked = "e\u0301".repeat(40);

    assertThat(texts(astral, 32)).containsExactly("😀".repeat(32), "😀".repeat(8));
    assertThat(texts(marked, 33)).allMatch(part -> part.endsWith("\u0301"));
  }

  @Test
  void shouldGiveWhiteSpaceBetweenPartsToTheEarlierSpan() {
    String text = "  aaaa bbbb cccc dddd eeee\n\n \nffff gggg hhhh iiii\n";

    List<Part> parts = splitter(32).split(text, 10);

    assertThat(parts)
        .containsExactly(
            new Part(0, 30, "aaaa bbbb cccc dddd eeee", "\n\n \n"),
            new Part(30, 50, "ffff gggg hhhh iiii", "\n"));
  }

  @Test
  void shouldStopAtTheMostPartsAndReadNoFurther() {
    String text = "word ".repeat(1_000_000);

    List<Part> parts = splitter(40).split(text, 3);

    assertThat(parts).hasSize(3);
    assertThat(parts.getLast().end()).isEqualTo(120);
  }

  @Test
  void shouldTileAnyTextWithPartsThatFit() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    CharacterTokenizer tokenizer = new CharacterTokenizer();
    String[] alphabet = {"a", "bc", " ", ". ", "\n", "\n\n", "。", "😀", "e\u0301", "\t", "\u200d"};
    for (int round = 0; round < 300; round++) {
      StringBuilder text = new StringBuilder("x");
      int pieces = random.nextInt(400);
      int letters = 1 + random.nextInt(alphabet.length);
      for (int i = 0; i < pieces; i++) {
        text.append(alphabet[random.nextInt(letters)]);
      }
      int tokensMax = 32 + random.nextInt(40);

      List<Part> parts = splitter(tokensMax).split(text.toString(), Integer.MAX_VALUE);

      StringBuilder joined = new StringBuilder();
      int end = 0;
      for (Part part : parts) {
        assertThat(part.start()).as("seed %d round %d", seed, round).isEqualTo(end);
        assertThat(part.text()).as("seed %d round %d", seed, round).isNotBlank();
        assertThat(tokenizer.encode(part.text()).length)
            .as("seed %d round %d", seed, round)
            .isLessThanOrEqualTo(tokensMax);
        joined.append(part.text()).append(part.separator());
        end = part.end();
      }
      assertThat(joined.toString())
          .as("seed %d round %d", seed, round)
          .isEqualTo(text.toString().stripLeading());
      assertThat(end).as("seed %d round %d", seed, round).isEqualTo(text.length());
      assertThat(splitter(tokensMax).split(text.toString(), Integer.MAX_VALUE)).isEqualTo(parts);
    }
  }

  private static TextSplitter splitter(int tokensMax) {
    return new TextSplitter(new CharacterTokenizer(), tokensMax);
  }

  private static List<String> texts(String text, int tokensMax) {
    return splitter(tokensMax).split(text, 100).stream().map(Part::text).toList();
  }
}
