package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Runs the bundled model's own tokenizer; asserts rules, not the ids of one vocabulary. */
@Execution(ExecutionMode.CONCURRENT)
final class HuggingFaceTokenizerTest {

  private static final Path DEMO =
      Path.of(System.getProperty("millrace.root"), "inference-core", "models", "demo");

  private static final List<String> TEXTS =
      List.of(
          "",
          "Hello, world!",
          "  leading spaces",
          "tabs\tand\nnewlines\r\n\r\n  end  ",
          "don't DON'T we'LL",
          "1234567890",
          "Привет, мир! 日本語のテキスト",
          "emoji 😀🎉 and a family 👨‍👩‍👧",
          "a\u00a0 b\u2028c\u0085d",
          "nul \u0000 bell \u0007 escape \u001b delete \u007f",
          "\ufeff\ufffe\uffff");

  private static Tokenizer tokenizer;

  @TempDir private Path directory;

  @BeforeAll
  static void open() {
    tokenizer = HuggingFaceTokenizer.open(DEMO);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void shouldGiveBackEveryText() {
    for (String text : TEXTS) {
      assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
    }
    assertThat(tokenizer.encode("")).isEmpty();
  }

  @Test
  void shouldTreatSpelledSpecialTokensAsText() {
    for (String name : List.of("<|begin_of_text|>", "<|header_start|>", "<|eot|>")) {
      int id = tokenizer.specialToken(name).orElseThrow();
      for (String text : List.of(name, "a" + name + "b", name + name, " " + name + "\n")) {
        int[] ids = tokenizer.encode(text);
        assertThat(ids).doesNotContain(id).hasSizeGreaterThan(2);
        assertThat(tokenizer.decode(ids)).isEqualTo(text);
      }
      assertThat(tokenizer.encodeWithSpecialTokens(name)).containsExactly(id);
    }
  }

  /** The ids are those of a tokenizer that never heard of special tokens. */
  @Test
  void shouldEncodeSpelledSpecialTokensLikeAnyOtherText() throws IOException {
    edit(root -> {
      root.putArray("added_tokens");
      root.putNull("post_processor");
      ObjectNode vocabulary = root.withObject("model").withObject("vocab");
      for (String name : List.copyOf(names(vocabulary))) {
        if (name.startsWith("<|") && name.endsWith("|>")) {
          vocabulary.remove(name);
        }
      }
    });
    try (Tokenizer ignorant = HuggingFaceTokenizer.open(directory)) {
      assertThat(ignorant.specialToken("<|eot|>")).isEmpty();
      for (String text : List.of("<|eot|>", "x<|header_start|>user<|header_end|>\n\ny<|eot|>")) {
        assertThat(tokenizer.encode(text)).isEqualTo(ignorant.encodeWithSpecialTokens(text));
      }
    }
  }

  @Test
  void shouldAddNothing() throws IOException {
    int begin = tokenizer.specialToken("<|begin_of_text|>").orElseThrow();
    edit(root ->
        root.putObject("post_processor")
            .put("type", "TemplateProcessing")
            .putArray("single")
            .addObject()
            .putObject("SpecialToken")
            .put("id", "<|begin_of_text|>")
            .put("type_id", 0));
    ObjectMapper json = new ObjectMapper();
    Path file = directory.resolve("tokenizer.json");
    ObjectNode root = (ObjectNode) json.readTree(file.toFile());
    ObjectNode processor = root.withObject("post_processor");
    processor
        .withArray("single")
        .addObject()
        .putObject("Sequence")
        .put("id", "A")
        .put("type_id", 0);
    processor.putArray("pair");
    ObjectNode token = processor.putObject("special_tokens").putObject("<|begin_of_text|>");
    token.put("id", "<|begin_of_text|>");
    token.putArray("ids").add(begin);
    token.putArray("tokens").add("<|begin_of_text|>");
    json.writeValue(file.toFile(), root);

    try (Tokenizer adding = HuggingFaceTokenizer.open(directory)) {
      assertThat(adding.encode("Hello")).isEqualTo(tokenizer.encode("Hello")).doesNotContain(begin);
      assertThat(adding.encodeWithSpecialTokens("Hello")).doesNotContain(begin);
    }
  }

  @Test
  void shouldNeitherTruncateNorPad() throws IOException {
    edit(root -> {
      root.putObject("truncation")
          .put("direction", "Right")
          .put("max_length", 4)
          .put("strategy", "LongestFirst")
          .put("stride", 0);
      ObjectNode padding = root.putObject("padding");
      padding.putObject("strategy").put("Fixed", 64);
      padding.put("direction", "Right").putNull("pad_to_multiple_of");
      padding.put("pad_id", 5).put("pad_type_id", 0).put("pad_token", "<|pad|>");
    });
    try (Tokenizer limited = HuggingFaceTokenizer.open(directory)) {
      for (String text : List.of("one", "The quick brown fox jumps over the lazy dog, twice.")) {
        assertThat(limited.encode(text)).isEqualTo(tokenizer.encode(text));
        assertThat(limited.encodeWithSpecialTokens(text)).isEqualTo(tokenizer.encode(text));
      }
    }
  }

  @Test
  void shouldReplaceLoneSurrogates() {
    String high = "\ud83d";
    String low = "\ude00";
    assertThat(decoded("a" + high + "b")).isEqualTo("a\ufffdb");
    assertThat(decoded(low + "b" + high)).isEqualTo("\ufffdb\ufffd");
    assertThat(decoded(low + high)).isEqualTo("\ufffd\ufffd");
    assertThat(decoded(high + low)).isEqualTo("😀");
  }

  private static String decoded(String text) {
    return tokenizer.decode(tokenizer.encode(text));
  }

  @Test
  void shouldLeaveOutSpecialAndUnknownIds() {
    int[] hello = tokenizer.encode("Hello");
    int eot = tokenizer.specialToken("<|eot|>").orElseThrow();
    int[] ids =
        IntStream.concat(
                IntStream.of(-1, eot, Integer.MAX_VALUE, tokenizer.vocabulary()),
                Arrays.stream(hello))
            .toArray();

    assertThat(tokenizer.decode(ids)).isEqualTo("Hello");
    assertThat(tokenizer.specialToken("<|no such|>")).isEmpty();
    assertThat(Arrays.stream(hello).max().orElseThrow()).isLessThan(tokenizer.vocabulary());
  }

  @Test
  void shouldStreamWholeCharactersOnly() {
    for (String text : TEXTS) {
      Tokenizer.StreamDecoder decoder = tokenizer.streamDecoder();
      StringBuilder streamed = new StringBuilder();
      for (int id : tokenizer.encode(text)) {
        String piece = decoder.next(id);
        assertThat(piece).doesNotContain("\ufffd");
        if (!piece.isEmpty()) {
          assertThat(Character.isHighSurrogate(piece.charAt(piece.length() - 1))).isFalse();
        }
        streamed.append(piece);
      }
      assertThat(streamed.append(decoder.finish())).hasToString(text);
    }
  }

  @Test
  void shouldEndAStreamThatWasCutInsideACharacter() {
    int[] ids = tokenizer.encode("😀");
    assertThat(ids).as("the test needs a character of several tokens").hasSizeGreaterThan(1);
    Tokenizer.StreamDecoder decoder = tokenizer.streamDecoder();

    assertThat(decoder.next(ids[0])).isEmpty();
    assertThat(decoder.finish()).isEqualTo("\ufffd");
  }

  @Test
  void shouldDecodeAnyIdsWithoutFailing() {
    long seed = Long.getLong("millrace.seed", System.currentTimeMillis());
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 2_000; round++) {
      int[] ids = random.ints(random.nextInt(20), -5, tokenizer.vocabulary() + 50).toArray();
      Tokenizer.StreamDecoder decoder = tokenizer.streamDecoder();
      StringBuilder streamed = new StringBuilder();
      for (int id : ids) {
        streamed.append(decoder.next(id));
      }
      assertThat(streamed.append(decoder.finish()))
          .as("seed=%d round=%d", seed, round)
          .hasToString(tokenizer.decode(ids));
    }
  }

  @Test
  void shouldEncodeMegabytesInPiecesWithoutAnotherResult() {
    String line = "The quick brown fox, number 42, doesn't jump over 日本 today.\nAnd on it goes;\n";
    String text = line.repeat(5_000_000 / line.length());
    int[] ids = tokenizer.encode(text);

    assertThat(tokenizer.decode(ids)).isEqualTo(text);
    int[] one = tokenizer.encode(line);
    assertThat(ids).hasSize(one.length * (text.length() / line.length()));
    String nearby = text.substring(0, 3 * PieceEncoder.PIECE_CHARS);
    assertThat(tokenizer.encode(nearby)).isEqualTo(tokenizer.encodeWithSpecialTokens(nearby));
  }

  @Test
  void shouldNotCutACharacterWhereThereIsNoLineBreak() {
    for (String unit : List.of("a", " ", "😀", "\n", "日", "\u0000")) {
      String text = "x" + unit.repeat((2 * PieceEncoder.PIECE_CHARS + 7) / unit.length());
      assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
    }
  }

  @Test
  void shouldServeManyThreads() throws Exception {
    int[] expected = tokenizer.encode(TEXTS.get(6));
    Callable<int[]> encode = () -> tokenizer.encode(TEXTS.get(6));
    try (var executor = Executors.newFixedThreadPool(4)) {
      for (var future :
          executor.invokeAll(IntStream.range(0, 200).mapToObj(i -> encode).toList())) {
        assertThat(future.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void shouldRefuseUseAfterClose() throws IOException {
    edit(root -> {});
    Tokenizer closed = HuggingFaceTokenizer.open(directory);
    closed.close();
    closed.close();

    assertThatThrownBy(() -> closed.encode("a")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void shouldRefuseWhatItCannotDecode() throws IOException {
    edit(root -> root.withObject("decoder").put("type", "Metaspace"));
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContaining("key decoder.type: expected ByteLevel, found \"Metaspace\"");

    edit(root -> root.withObject("model").put("type", "WordPiece"));
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .hasMessageContaining("key model.type: expected BPE, found \"WordPiece\"");

    edit(root -> root.withObject("model").putArray("merges").add("no merge of mine at all"));
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("expected two tokens of the vocabulary that make a third");

    // This one would end the process if it reached the library.
    edit(root -> root.withObject("model").put("continuing_subword_prefix", "ByteLevel"));
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("continuing_subword_prefix: expected none, found \"ByteLevel\"");

    edit(root ->
        ((ObjectNode) root.withObject("pre_tokenizer").withArray("pretokenizers").get(0))
            .putObject("pattern")
            .put("Regex", "(unclosed"));
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("the tokenizer library refuses it");

    edit(root -> ((ObjectNode) root.withArray("added_tokens").get(1)).put("id", 1_000_000));
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("has id 1000000, but is encoded as [1]");

    edit(root -> root.withObject("model").withObject("vocab").put("a", 1 << 30));
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .hasMessageContaining("expected token ids from 0 to 16,777,216, found 1073741824");

    Files.writeString(directory.resolve("tokenizer.json"), "{\"model\": ");
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("not valid JSON");

    Files.delete(directory.resolve("tokenizer.json"));
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("tokenizer.json: there is no such file");
  }

  /** The library refuses such files, too; it has no default. */
  @Test
  void shouldRefuseDigitsThatDoNotSayHowToBeCut() throws IOException {
    for (String value : List.of("", "null", "1", "\"true\"")) {
      edit(root -> {
        ObjectNode digits = root.putObject("pre_tokenizer").put("type", "Digits");
        if (!value.isEmpty()) {
          digits.putRawValue("individual_digits", new RawValue(value));
        }
      });
      assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
          .isInstanceOf(TokenizerException.class)
          .hasMessageContaining("tokenizer.json")
          .hasMessageContaining(
              "key pre_tokenizer.individual_digits: expected true or false, found "
                  + (value.isEmpty() ? "nothing" : value));
    }
  }

  @Test
  void shouldNameThePreTokenizersItKnows() throws IOException {
    edit(root -> root.putObject("pre_tokenizer").put("type", "Metaspace"));
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining(
            "key pre_tokenizer.type: expected Sequence, Split, Digits, Punctuation or ByteLevel,"
                + " found \"Metaspace\"");
  }

  private static List<String> names(ObjectNode node) {
    return node.properties().stream().map(Map.Entry::getKey).toList();
  }

  private void edit(Consumer<ObjectNode> edit) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode root = (ObjectNode) json.readTree(DEMO.resolve("tokenizer.json").toFile());
    edit.accept(root);
    json.writeValue(directory.resolve("tokenizer.json").toFile(), root);
  }
}
