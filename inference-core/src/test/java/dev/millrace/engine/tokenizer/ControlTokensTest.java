package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A document's text never becomes a control token, and a tokenizer for which that cannot be had
 * together with the library's ids is refused by name. Works on variants of the bundled tokenizer.
 */
final class ControlTokensTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path DEMO =
      Path.of(System.getProperty("millrace.root"), "inference-core/models/demo/tokenizer.json");

  @TempDir private Path directory;

  @Test
  void shouldKnowAnAddedTokenBehindTheVocabulary() throws IOException {
    edit(root -> {
      int size = root.at("/model/vocab").size();
      add(root, "<think>", size, "");
    });
    int size = JSON.readTree(DEMO.toFile()).at("/model/vocab").size();
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
      assertThat(tokenizer.encode("<think>")).containsExactly(size);
      assertThat(tokenizer.encodeWithSpecialTokens("<think>")).containsExactly(size);
      assertThat(tokenizer.decode(new int[] {size})).isEqualTo("<think>");
      assertThat(tokenizer.vocabulary()).isEqualTo(size + 1);
    }
  }

  /** Special tokens behind the vocabulary, as every Llama 3 and 4 tokenizer has them. */
  @Test
  void shouldKnowAddedTokensBehindSpecialOnes() throws IOException {
    edit(root -> {
      specialsBehind(root);
      int size = root.at("/model/vocab").size() + root.path("added_tokens").size();
      add(root, "<think>", size, "");
      add(root, "</think>", size + 1, "");
    });
    int size = JSON.readTree(DEMO.toFile()).at("/model/vocab").size();
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
      assertThat(tokenizer.encode("<think></think>")).containsExactly(size, size + 1);
      int begin = tokenizer.specialToken("<|begin_of_text|>").orElseThrow();
      assertThat(tokenizer.encode("<|begin_of_text|>")).doesNotContain(begin).hasSizeGreaterThan(2);
      assertThat(tokenizer.encodeWithSpecialTokens("<think><|begin_of_text|>"))
          .containsExactly(size, begin);
    }
  }

  /** The library counts in the file's order, whatever the file says; so must config.json. */
  @Test
  void shouldCountAddedTokensAsTheLibraryDoes() throws IOException {
    edit(root -> {
      specialsBehind(root);
      root.withArray("added_tokens").removeAll();
      add(root, "<tool>", 20_000, "");
      add(root, "<|im_end|>", 20_010, "special");
      add(root, "<think>", 20_005, "");
    });
    int behind = JSON.readTree(DEMO.toFile()).at("/model/vocab").size() - 16;
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
      assertThat(tokenizer.encode("<tool><think>")).containsExactly(behind, behind + 2);
      assertThat(tokenizer.specialToken("<|im_end|>")).hasValue(behind + 1);
      assertThat(tokenizer.encodeWithSpecialTokens("<|im_end|>")).containsExactly(behind + 1);
    }
  }

  /** Fine-tunes do that: text becomes these tokens as ever, and nothing hangs on them. */
  @ParameterizedTest
  @ValueSource(strings = {"in", "Python", "the", ".", "Ġthe"})
  void shouldTakeAPlainWordThatIsMarkedAsSpecialForText(String word) throws IOException {
    int id = JSON.readTree(DEMO.toFile()).at("/model/vocab").path(word).asInt(-1);
    assertThat(id).as(word).isNotNegative();
    String text = "Python is in the library's index, in the end.";
    List<int[]> plain = new ArrayList<>();
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(DEMO.resolveSibling("."))) {
      plain.add(tokenizer.encode(word));
      plain.add(tokenizer.encode(text));
    }
    edit(root -> add(root, word, id, "special"));
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
      assertThat(tokenizer.encode(word)).isEqualTo(plain.get(0));
      assertThat(tokenizer.encode(word.replace('Ġ', ' '))).containsExactly(id);
      assertThat(tokenizer.encode(text)).isEqualTo(plain.get(1));
      assertThat(tokenizer.decode(plain.get(1))).as("nothing is left out").isEqualTo(text);
      assertThat(tokenizer.specialToken(word)).isEmpty();
      assertThat(tokenizer.encodeWithSpecialTokens(word)).containsExactly(id);
    }
  }

  /** The same as a control token: a document could end the model's turn with it. */
  @Test
  void shouldRefuseASpecialTokenThatMergesMakeIfItHasAPart() throws IOException {
    edit(root -> add(root, "in", root.at("/model/vocab/in").intValue(), "special"));
    for (String file : List.of("tokenizer_config.json", "special_tokens_map.json")) {
      Path named = directory.resolve(file);
      Files.writeString(named, "{\"eos_token\": {\"content\": \"in\"}}");
      assertRefused("would become the special token in", "\"in\" in model.vocab, which the merges");
      Files.delete(named);
    }
  }

  @Test
  void shouldRefuseAMarkThatMergesMake() throws IOException {
    edit(root -> {
      ObjectNode vocabulary = root.withObject("model").withObject("vocab");
      vocabulary.put("<|", 9_000).put("|>", 9_001).put("<||>", 9_002);
      root.withObject("model").withArray("merges").add("< |").add("| >").add("<| |>");
      add(root, "<||>", 9_002, "special");
    });

    assertRefused("would become the special token <||>", "which the merges make");
  }

  /** Tools rename reserved tokens and leave the old name in the vocabulary, alone or beside it. */
  @Test
  void shouldTakeARenamedReservedToken() throws IOException {
    String reserved = "<|text_post_train_reserved_special_token_0|>";
    for (boolean beside : new boolean[] {true, false}) {
      edit(root -> {
        ObjectNode vocabulary = root.withObject("model").withObject("vocab");
        vocabulary.put("<|old_reserved|>", vocabulary.path(reserved).intValue());
        if (!beside) {
          vocabulary.remove(reserved);
        }
      });
      try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
        int id = tokenizer.specialToken(reserved).orElseThrow();
        assertThat(tokenizer.encodeWithSpecialTokens(reserved)).containsExactly(id);
        for (String text : List.of("<|old_reserved|>", reserved)) {
          assertThat(tokenizer.encode(text)).doesNotContain(id);
          assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
        }
      }
    }
  }

  @Test
  void shouldRefuseTwoTokensWithOneId() throws IOException {
    edit(root -> root.withObject("model").withObject("vocab").put("zzqqzz", 300));
    assertRefused("two tokens have the id 300", "\"zzqqzz\"");
  }

  @Test
  void shouldRefuseASpecialTokenThatIsAByte() throws IOException {
    edit(root -> add(root, "é", root.at("/model/vocab/é").intValue(), "special"));

    assertRefused("would become the special token é", "a single character");
  }

  @Test
  void shouldRefuseAMarkThatIsAWholeWord() throws IOException {
    edit(root -> {
      root.withObject("model").withObject("vocab").put("<[>", 9_000);
      add(root, "<[>", 9_000, "special");
    });

    assertRefused("would become the special token <[>", "a whole word under ignore_merges");
  }

  @Test
  void shouldTakeASpecialTokenOfTheVocabularyThatNoTextBecomes() throws IOException {
    edit(root -> {
      root.withObject("model").put("ignore_merges", false);
      root.withObject("model").withObject("vocab").put("zzqqzz", 9_000);
      add(root, "zzqqzz", 9_000, "special");
    });
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
      assertThat(tokenizer.encode("zzqqzz")).doesNotContain(9_000).hasSizeGreaterThan(1);
      assertThat(tokenizer.encodeWithSpecialTokens("zzqqzz")).containsExactly(9_000);
    }
  }

  /** The library numbers from the vocabulary's size, which may be another token's id. */
  @Test
  void shouldRefuseASpecialTokenWithTheIdOfAnotherToken() throws IOException {
    edit(root -> {
      specialsBehind(root);
      root.withArray("added_tokens").removeAll();
      ObjectNode vocabulary = root.withObject("model").withObject("vocab");
      vocabulary.put("zzqqzz", 9_000);
      vocabulary.put("in", vocabulary.size());
      add(root, "<|x|>", vocabulary.size(), "special");
    });

    assertRefused("would become the special token <|x|>", "\"in\" in model.vocab");
  }

  @Test
  void shouldRefuseWhatTheLibraryCannotEncode() throws IOException {
    edit(root -> {
      add(root, "<q>", 8_192, "rstrip");
      add(root, "  ", 8_193, "lstrip");
    });
    assertRefused(
        "added token \"<q>\" has rstrip", "added token \"  \" is white space with lstrip");

    edit(root -> {
      root.putObject("normalizer").put("type", "NFC");
      add(root, "\u00c5", 8_192, "normalized");
      add(root, "\u212b", 8_193, "normalized");
    });
    assertRefused("are the same when normalised", "now the one, now the other");

    edit(root -> add(root, "<q>", 8_192, "").remove("special"));
    assertRefused("added_tokens[].special: expected true or false", "<q>");
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
        .isInstanceOf(TokenizerException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContainingAll(parts);
  }

  private static ObjectNode add(ObjectNode root, String content, int id, String flag) {
    ObjectNode token = root.withArray("added_tokens").addObject();
    token.put("id", id).put("content", content);
    for (String name : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
      token.put(name, name.equals(flag));
    }
    return token;
  }

  private static void specialsBehind(ObjectNode root) {
    ArrayNode added = root.withArray("added_tokens");
    ObjectNode vocabulary = root.withObject("model").withObject("vocab");
    int specials = added.size();
    int behind = vocabulary.size() - specials;
    added.forEach(token -> {
      vocabulary.remove(token.path("content").textValue());
      ((ObjectNode) token).put("id", behind + token.path("id").intValue());
    });
    List<String> names = new ArrayList<>();
    vocabulary.fieldNames().forEachRemaining(names::add);
    names.forEach(name -> vocabulary.put(name, vocabulary.path(name).intValue() - specials));
  }

  private void edit(Consumer<ObjectNode> edit) throws IOException {
    ObjectNode root = (ObjectNode) JSON.readTree(DEMO.toFile());
    edit.accept(root);
    JSON.writeValue(directory.resolve("tokenizer.json").toFile(), root);
  }
}
