package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.tokenizer.HuggingFaceTokenizer;
import dev.millrace.engine.tokenizer.Tokenizer;
import dev.millrace.enrichment.TextSplitter.Part;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What depends on a real tokenizer, with the demo model's. */
class DemoTokenizerTest {
  private static final Path MODEL =
      Path.of(System.getProperty("millrace.root"), "inference-core/models/demo");
  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() {
    tokenizer = HuggingFaceTokenizer.open(MODEL);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void shouldTellTheDemosLabelsApart() {
    List<String> labels =
        PlanReader.beside(MODEL).classify().orElseThrow().labels().stream()
            .map(Task.Label::text)
            .toList();
    OptionalInt end = tokenizer.specialToken("<|eot|>");

    List<int[]> tokens = LabelSet.of(labels, tokenizer, end).tokens();

    List<String> ended = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      assertThat(tokenizer.decode(tokens.get(i))).isEqualTo(labels.get(i));
      if (tokens.get(i)[tokens.get(i).length - 1] == end.orElseThrow()) {
        ended.add(labels.get(i));
      }
      for (int j = 0; j < labels.size(); j++) {
        assertThat(i != j && begins(tokens.get(i), tokens.get(j)))
            .as("%s begins %s", labels.get(i), labels.get(j))
            .isFalse();
      }
    }
    assertThat(ended)
        .allMatch(label ->
            labels.stream().anyMatch(other -> !other.equals(label) && other.startsWith(label)));
  }

  @Test
  void shouldTileRealTextWithPartsThatFit() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    String[] words = {
      "Una",
      "libreria",
      "GNU",
      "è",
      "<|eot|>",
      "\n",
      "\n\n",
      ". ",
      "日本語のテキスト。",
      "😀🎉",
      "\u0000",
      "supercalifragilisticexpialidocious",
      "    ",
      "\t",
      "e\u0301",
      "\u200d",
      "https://example.com/a?b=c"
    };
    for (int round = 0; round < 60; round++) {
      StringBuilder made = new StringBuilder("Text");
      int length = random.nextInt(600);
      for (int i = 0; i < length; i++) {
        made.append(words[random.nextInt(words.length)]);
        made.append(random.nextInt(3) == 0 ? "" : " ");
      }
      String text = made.toString();
      int tokensMax = 32 + random.nextInt(100);

      List<Part> parts = new TextSplitter(tokenizer, tokensMax).split(text, Integer.MAX_VALUE);

      StringBuilder joined = new StringBuilder();
      for (Part part : parts) {
        assertThat(tokenizer.encode(part.text()).length)
            .as("seed %d round %d", seed, round)
            .isLessThanOrEqualTo(tokensMax);
        joined.append(part.text()).append(part.separator());
      }
      assertThat(joined.toString()).as("seed %d round %d", seed, round).isEqualTo(text);
    }
  }

  @Test
  void shouldFillPartsOfRealText() {
    String sentence = "This package contains the files that are needed to build programs. ";
    String text = sentence.repeat(300);
    int tokensMax = 200;

    List<Part> parts = new TextSplitter(tokenizer, tokensMax).split(text, Integer.MAX_VALUE);

    for (Part part : parts.subList(0, parts.size() - 1)) {
      assertThat(part.text()).endsWith("programs.");
      assertThat(tokenizer.encode(part.text()).length).isGreaterThan(tokensMax - 20);
    }
  }

  @Test
  void shouldReadTheFirstPartsOfFiveMegabytesWithoutReadingTheRest() {
    for (String unit : List.of("word ", "x", "\u0000", "日本", "\n")) {
      String text = "a" + unit.repeat(5 * 1024 * 1024 / unit.length());

      List<Part> parts = new TextSplitter(tokenizer, 300).split(text, 4);

      assertThat(parts).hasSizeBetween(1, 4);
      assertThat(parts.getFirst().start()).isZero();
      for (Part part : parts) {
        assertThat(tokenizer.encode(part.text()).length).isLessThanOrEqualTo(300);
      }
    }
  }

  private static boolean begins(int[] beginning, int[] ids) {
    if (beginning.length > ids.length) {
      return false;
    }
    for (int i = 0; i < beginning.length; i++) {
      if (beginning[i] != ids[i]) {
        return false;
      }
    }
    return true;
  }
}
