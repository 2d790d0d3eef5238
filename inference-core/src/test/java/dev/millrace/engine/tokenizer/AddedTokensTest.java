package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds our ids against those of the tokenizers library, over tokenizers full of added tokens and
 * random texts full of their contents. {@code added_tokens.py} beside the data made both.
 */
final class AddedTokensTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Cases in which the library loses some text, or adds to it. */
  private static final Map<String, String> REFUSED =
      Map.of(
          "vocabulary with holes", "model.vocab lacks 2 of the bytes",
          "digits one by one, space before each piece", "it loses or changes some text");

  @TempDir private Path directory;

  @TestFactory
  Stream<DynamicTest> shouldGiveTheIdsOfTheTokenizersLibrary() throws IOException {
    JsonNode data = data();
    int texts = data.path("texts").intValue();
    List<JsonNode> cases = new ArrayList<>();
    data.path("cases").forEach(cases::add);
    return cases.stream()
        .map(made ->
            DynamicTest.dynamicTest(
                made.path("name").textValue(), () -> compare(new Case(made), texts)));
  }

  @Test
  void shouldCompareTenThousandTexts() throws IOException {
    JsonNode data = data();
    assertThat(data.path("cases").size()).isGreaterThan(12);
    assertThat(data.path("cases").size() * data.path("texts").intValue()).isGreaterThan(10_000);
  }

  /**
   * One tokenizer with the checksums of its texts' ids.
   *
   * @param name for messages
   * @param tokenizer content of a tokenizer.json
   * @param special ids that no text may become
   * @param seed of the texts
   * @param atoms texts are made of these
   * @param textSums a CRC-32 for each text's ids
   * @param templateSums the same for template text
   * @param samples the first texts with both lists of ids
   */
  private record Case(
      String name,
      JsonNode tokenizer,
      Set<Integer> special,
      long seed,
      List<String> atoms,
      ByteBuffer textSums,
      ByteBuffer templateSums,
      JsonNode samples) {

    Case(JsonNode node) {
      this(
          node.path("name").textValue(),
          node.path("tokenizer"),
          new HashSet<>(IntStream.of(ids(node.path("special"))).boxed().toList()),
          node.path("seed").longValue(),
          new ArrayList<>(),
          sums(node.path("textSums")),
          sums(node.path("templateSums")),
          node.path("samples"));
      node.path("atoms").forEach(atom -> atoms.add(atom.textValue()));
    }

    private static ByteBuffer sums(JsonNode node) {
      return ByteBuffer.wrap(Base64.getDecoder().decode(node.textValue()));
    }
  }

  private void compare(Case made, int texts) throws IOException {
    Files.writeString(directory.resolve("tokenizer.json"), made.tokenizer().toString());
    String refusal = REFUSED.get(made.name());
    if (refusal != null) {
      assertThatThrownBy(() -> HuggingFaceTokenizer.open(directory))
          .isInstanceOf(TokenizerException.class)
          .hasMessageContaining(refusal);
      return;
    }
    Texts generator = new Texts(made.seed());
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
      for (int number = 0; number < texts; number++) {
        String text = generator.next(made.atoms());
        int[] asText = tokenizer.encode(text);
        int[] asTemplate = tokenizer.encodeWithSpecialTokens(text);
        String which = "added_tokens.py '" + made.name() + "' " + number + ": " + escaped(text);
        JsonNode sample = made.samples().path(number);
        if (sample.isArray()) {
          assertThat(text).as(which).isEqualTo(sample.path(0).textValue());
          assertThat(asText).as(which).isEqualTo(ids(sample.path(1)));
          assertThat(asTemplate).as(which).isEqualTo(ids(sample.path(2)));
        }
        assertThat(IntStream.of(asText).filter(made.special()::contains))
            .as("special ids in " + which)
            .isEmpty();
        assertThat(checksum(asText)).as(which).isEqualTo(made.textSums().getInt());
        assertThat(checksum(asTemplate))
            .as("as a template's text, " + which)
            .isEqualTo(made.templateSums().getInt());
      }
    }
  }

  /** The generator of {@code added_tokens.py}. */
  private static final class Texts {

    private long state;

    Texts(long seed) {
      state = seed;
    }

    private int below(int bound) {
      state = state * 6364136223846793005L + 1442695040888963407L;
      return (int) ((state >>> 33) % bound);
    }

    String next(List<String> atoms) {
      StringBuilder text = new StringBuilder();
      for (int left = below(12); left > 0; left--) {
        String atom = atoms.get(below(atoms.size()));
        int characters = atom.codePointCount(0, atom.length());
        switch (below(10)) {
          case 0 -> text.append(atom, 0, atom.offsetByCodePoints(0, characters - 1));
          case 1 -> text.append(atom, atom.offsetByCodePoints(0, 1), atom.length());
          case 2 -> text.repeat(atom, 3);
          default -> text.append(atom);
        }
      }
      return text.toString();
    }
  }

  /** What {@code added_tokens.py} wrote. */
  static JsonNode data() throws IOException {
    try (InputStream file =
            Objects.requireNonNull(
                AddedTokensTest.class.getResourceAsStream("/tokenizers/added-tokens.json.gz"));
        GZIPInputStream plain = new GZIPInputStream(file)) {
      return JSON.readTree(plain);
    }
  }

  private static int[] ids(JsonNode node) {
    int[] ids = new int[node.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = node.path(i).intValue();
    }
    return ids;
  }

  private static int checksum(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * ids.length);
    for (int id : ids) {
      bytes.putInt(id);
    }
    CRC32 sum = new CRC32();
    sum.update(bytes.array());
    return (int) sum.getValue();
  }

  /** So that white space and marks can be read in a message. */
  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    text.chars()
        .forEach(c -> {
          if (c > ' ' && c < 0x7f) {
            escaped.append((char) c);
          } else {
            escaped.append("\\u").append(Integer.toHexString(c | 0x10000), 1, 5);
          }
        });
    return escaped.toString();
  }
}
