package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces have the ids of the whole, with pre-tokenizers that cut words in different places. */
@Execution(ExecutionMode.CONCURRENT)
final class PieceEncoderTest {

  private static final List<String> WORDS =
      List.of(
          "The",
          " quick",
          " brown",
          "\n",
          "\n\n",
          " \n",
          "\t",
          "  ",
          "12345",
          "٣٤½",
          "don't",
          "...",
          "日本",
          "語。",
          "Привет ",
          "🦙",
          "e\u0301",
          "\r\n",
          "word\nNext",
          " a\nb",
          "\u3000",
          "=====",
          "x");

  /** Short pieces, so that short texts have many cuts. */
  private static final int PIECE_CHARS = 2_500;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "special before, others behind",
        "as Qwen has it",
        "as GPT-2 has it",
        "space before each piece",
        "one word for all",
        "as DeepSeek has it",
        "digits one by one",
        "digits together"
      })
  void shouldGiveTheIdsOfTheWhole(String kind) throws IOException {
    long seed = Long.getLong("millrace.seed", System.currentTimeMillis());
    SplittableRandom random = new SplittableRandom(seed);
    try (NativeTokenizer tokenizer = tokenizer(kind)) {
      PieceEncoder encoder = new PieceEncoder(tokenizer, PIECE_CHARS);
      for (int round = 0; round < 12; round++) {
        String text = text(random);
        IdList ids = new IdList();
        encoder.encode(text, ids);
        assertThat(ids.toArray())
            .as("seed=%d round=%d", seed, round)
            .isEqualTo(tokenizer.encode(text));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "ab",
        "aaaaaaab",
        " ",
        "\n",
        " \n",
        "7",
        "12",
        "٣٤",
        "-",
        "日本",
        "🦙",
        "e\u0301",
        "\u0000",
        "A"
      })
  void shouldCutAnEndlessWord(String unit) throws IOException {
    for (String kind :
        List.of("special before, others behind", "one word for all", "digits together")) {
      try (NativeTokenizer tokenizer = tokenizer(kind)) {
        for (String text : List.of("x" + unit.repeat(9_000), unit.repeat(8_001) + "end.")) {
          IdList ids = new IdList();
          new PieceEncoder(tokenizer, PIECE_CHARS).encode(text, ids);
          assertThat(ids.toArray()).as(kind).isEqualTo(tokenizer.encode(text));
        }
      }
    }
  }

  /** Words in any order, some of them again and again. */
  private static String text(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(PIECE_CHARS, 8 * PIECE_CHARS);
    while (text.length() < length) {
      String word = WORDS.get(random.nextInt(WORDS.size()));
      text.repeat(word, random.nextInt(40) == 0 ? random.nextInt(2_000) : 1);
    }
    return text.toString();
  }

  /** One of the tokenizers of {@link AddedTokensTest}, without its added tokens. */
  private static NativeTokenizer tokenizer(String name) throws IOException {
    for (JsonNode made : AddedTokensTest.data().path("cases")) {
      if (made.path("name").textValue().equals(name)) {
        ObjectNode root = (ObjectNode) made.path("tokenizer");
        root.putArray("added_tokens");
        return new NativeTokenizer(Path.of(name), root.toString());
      }
    }
    throw new AssertionError("no tokenizer has the name " + name);
  }
}
