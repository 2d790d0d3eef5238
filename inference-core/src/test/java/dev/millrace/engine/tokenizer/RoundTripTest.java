package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Text comes back from its ids, or the tokenizer is refused. Variants of the bundled one. */
@Execution(ExecutionMode.CONCURRENT)
final class RoundTripTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path DEMO =
      Path.of(System.getProperty("millrace.root"), "inference-core/models/demo/tokenizer.json");
  private static final String TEXT = "Hello, wörld!  It's 2024 (日本) — 12,5 %\r\n\n x 😀";

  @TempDir private Path directory;

  @Test
  void shouldTakeStepsForDigitsAndPunctuation() throws IOException {
    String bytes = "{'type':'ByteLevel','add_prefix_space':false,'use_regex':true}";
    for (String step :
        List.of(
            "{'type':'Digits','individual_digits':true}",
            "{'type':'Punctuation','behavior':'Contiguous'}",
            "{'type':'Punctuation'}",
            "{'type':'Sequence','pretokenizers':[{'type':'Punctuation','behavior':'Isolated'}]}",
            "{'type':'Sequence','pretokenizers':[]}")) {
      edit(root -> root.set("pre_tokenizer", json(sequence(step, bytes))));
      assertComesBack();
    }
  }

  @Test
  void shouldCutPunctuationAsItsStepSays() throws IOException {
    String bytes = "{'type':'ByteLevel','add_prefix_space':false,'use_regex':false}";
    List<List<Integer>> found = new ArrayList<>();
    for (String behaviour : List.of("Isolated", "Contiguous")) {
      String step = "{'type':'Punctuation','behavior':'" + behaviour + "'}";
      edit(root -> root.set("pre_tokenizer", json(sequence(step, bytes))));
      try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
        List<Integer> ids = new ArrayList<>();
        for (int id : tokenizer.encode("wait...")) {
          ids.add(id);
        }
        found.add(ids);
      }
    }
    assertThat(found.get(0)).as("each mark alone").hasSizeGreaterThan(found.get(1).size());
    assertThat(found).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'Sequence','normalizers':[]}",
        "{'type':'Sequence','normalizers':[{'type':'NFC'}]}",
        "{'type':'Sequence','normalizers':[{'type':'Sequence','normalizers':[]}]}",
        "{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'NFC'}]}",
        "null"
      })
  void shouldTakeSequencesOfNormalizers(String normalizer) throws IOException {
    edit(root -> root.set("normalizer", json(normalizer)));
    assertComesBack();
  }

  @ParameterizedTest
  @CsvSource({"NFD, NFKC, NFKC", "NFKC, NFD, NFKD", "NFKD, NFC, NFKC", "NFC, NFD, NFD"})
  void shouldComeToOneFormWhereSeveralFollow(String first, String then, String both)
      throws IOException {
    String text = "ﬁ Å ẛ̣ ½ 각 ㎏";
    String[] normalizers = {
      "{'type':'Sequence','normalizers':[{'type':'" + first + "'},{'type':'" + then + "'}]}",
      "{'type':'" + both + "'}"
    };
    List<String> texts = new ArrayList<>();
    for (String normalizer : normalizers) {
      edit(root -> root.set("normalizer", json(normalizer)));
      try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
        texts.add(tokenizer.decode(tokenizer.encode(text)));
      }
    }
    assertThat(texts.get(0))
        .isEqualTo(texts.get(1))
        .isEqualTo(Normalizer.normalize(text, Normalizer.Form.valueOf(both)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "{'type':'Sequence','decoders':[{'type':'ByteLevel'}]}"})
  void shouldDecodeBytesHoweverTheFileSaysSo(String decoder) throws IOException {
    edit(root -> root.set("decoder", json(decoder)));
    assertComesBack();
  }

  /** With every byte in the vocabulary nothing is unknown and nothing falls back. */
  @Test
  void shouldTakeAnUnknownTokenAndAByteFallbackThatNothingNeeds() throws IOException {
    int[] plain;
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(DEMO.resolveSibling("."))) {
      plain = tokenizer.encode(TEXT);
    }
    edit(root ->
        root.withObject("model").put("unk_token", "<|end_of_text|>").put("byte_fallback", true));
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
      assertThat(tokenizer.encode(TEXT)).isEqualTo(plain);
    }
  }

  @ParameterizedTest
  @CsvSource({"č, 0x0d", "ð, 0xf0", "Ġ, 0x20", "A, 0x41", "ġ, 0x7f"})
  void shouldRefuseAVocabularyThatLacksAByte(String stored, String name) throws IOException {
    edit(root -> {
      ObjectNode model = root.withObject("model");
      ObjectNode kept = JSON.createObjectNode();
      for (var token : model.path("vocab").properties()) {
        if (!token.getKey().contains(stored)) {
          kept.set(token.getKey(), token.getValue());
        }
      }
      ArrayNode merges = JSON.createArrayNode();
      for (JsonNode merge : model.path("merges")) {
        if (!merge.toString().contains(stored)) {
          merges.add(merge);
        }
      }
      model.set("vocab", kept);
      model.set("merges", merges);
    });
    assertRefused("model.vocab lacks 1 of the bytes that text is made of, such as " + name);
  }

  @Test
  void shouldLeaveOutControlCharactersThatAVocabularyLacks() throws IOException {
    edit(root -> {
      for (int value : new int[] {0x04, 0x1d, 0xf1}) {
        String stored = String.valueOf(ByteLevel.character((byte) value));
        assertThat(root.withObject("model").withObject("vocab").remove(stored)).isNotNull();
      }
    });
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
      int[] ids = tokenizer.encode("a\u0004b \udb00\udc00c\u001d");
      assertThat(tokenizer.decode(ids)).startsWith("ab ").endsWith("c").doesNotContain("\u0004");
    }
  }

  @Test
  void shouldTakeAVocabularyWithoutBytesThatTextCannotHave() throws IOException {
    edit(root -> {
      for (int value : new int[] {0xc0, 0xc1, 0xf5, 0xff}) {
        String stored = String.valueOf(ByteLevel.character((byte) value));
        assertThat(root.withObject("model").withObject("vocab").remove(stored)).isNotNull();
      }
    });
    assertComesBack();
  }

  @Test
  void shouldPutOneSpaceBeforeTextWhereTheFileSaysSo() throws IOException {
    edit(root -> root.set("pre_tokenizer", json("{'type':'ByteLevel','add_prefix_space':true}")));
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
      assertThat(tokenizer.decode(tokenizer.encode(TEXT))).isEqualTo(" " + TEXT);
      assertThat(tokenizer.decode(tokenizer.encode(" " + TEXT))).isEqualTo(" " + TEXT);
    }
  }

  /** The first drops what matches, the second what does not: here, all that is no letter. */
  @Test
  void shouldRefuseStepsThatDropText() throws IOException {
    String bytes = "{'type':'ByteLevel','add_prefix_space':false,'use_regex':false}";
    String drop = "{'type':'Split','pattern':{'Regex':'\\\\s+'},'behavior':'Removed'}";
    edit(root -> root.set("pre_tokenizer", json(sequence(drop, bytes))));
    assertRefused("key pre_tokenizer.behavior: expected one that drops nothing of the text");

    String marks = "{'type':'Punctuation','behavior':'Removed'}";
    edit(root -> root.set("pre_tokenizer", json(sequence(marks, bytes))));
    assertRefused("key pre_tokenizer.behavior: expected one that drops nothing of the text");

    edit(root -> root.set("pre_tokenizer", json(sequence(keep("\\\\p{L}+"), bytes))));
    assertRefused("it loses or changes some text: U+0000 comes back as U+0041");

    String all = keep("\\\\s+|[^\\\\s\\\\p{L}]+|\\\\p{L}+");
    edit(root -> root.set("pre_tokenizer", json(sequence(all, bytes))));
    assertComesBack();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'Split','pattern':{'Regex':'a'},'behavior':'Isolated'}",
        "{'type':'Sequence','pretokenizers':[]}",
        "{'type':'Sequence','pretokenizers':[{'type':'ByteLevel'},{'type':'ByteLevel'}]}"
      })
  void shouldRefuseAPreTokenizerThatMakesNoBytesOrMakesThemTwice(String steps) throws IOException {
    edit(root -> root.set("pre_tokenizer", json(steps)));
    assertRefused("key pre_tokenizer: expected at most 16 steps, one of them ByteLevel");
  }

  private void assertComesBack() {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
      assertThat(tokenizer.decode(tokenizer.encode(TEXT))).isEqualTo(TEXT);
    }
  }

  private void assertRefused(String part) {
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContaining(part);
  }

  /** A step that drops what does not match. */
  private static String keep(String expression) {
    return "{'type':'Split','pattern':{'Regex':'"
        + expression
        + "'},'behavior':'Removed','invert':true}";
  }

  private static String sequence(String... steps) {
    return "{'type':'Sequence','pretokenizers':[" + String.join(",", steps) + "]}";
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text.replace('\'', '"'));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void edit(Consumer<ObjectNode> edit) throws IOException {
    ObjectNode root = (ObjectNode) JSON.readTree(DEMO.toFile());
    edit.accept(root);
    JSON.writeValue(directory.resolve("tokenizer.json").toFile(), root);
  }
}
