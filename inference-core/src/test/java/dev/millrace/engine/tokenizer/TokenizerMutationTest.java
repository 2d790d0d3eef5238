package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.MutatedJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A broken tokenizer is refused in words; it never ends the process, nor fails later. */
@Execution(ExecutionMode.CONCURRENT)
final class TokenizerMutationTest {

  private static final Path DEMO =
      Path.of(System.getProperty("millrace.root"), "inference-core/models/demo/tokenizer.json");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int VOCABULARY = 280;
  private static final int ROUNDS = Boolean.getBoolean("millrace.full") ? 10_000 : 300;

  private static final List<String> VALUES =
      List.of(
          "null",
          "-1",
          "0",
          "1099511627776",
          "\"\"",
          "\"ByteLevel\"",
          "\"(\"",
          "\"a\"",
          "true",
          "{}",
          "[]",
          "0.5",
          "\"\\u0000\\ud83d\\ude00\"",
          "\"Prepend\"");

  @TempDir private Path directory;

  @Test
  void shouldLoadOrRefuseEveryMutation() throws IOException {
    long seed = Long.getLong("millrace.seed", System.currentTimeMillis());
    SplittableRandom random = new SplittableRandom(seed);
    String sound = small().toString();
    int loaded = 0;
    MutatedJson mutated = new MutatedJson(random, VALUES);
    for (int round = 0; round < ROUNDS; round++) {
      Files.writeString(directory.resolve("tokenizer.json"), mutated.edited(sound));
      try (Tokenizer tokenizer = HuggingFaceTokenizer.open(directory)) {
        String text = "Hello, wörld! 😀 <|eot|>\n\n 12345";
        tokenizer.decode(tokenizer.encode(text));
        tokenizer.decode(tokenizer.encodeWithSpecialTokens(text));
        loaded++;
      } catch (TokenizerException e) {
        assertThat(e).as("seed=%d round=%d", seed, round).hasMessageContaining("tokenizer.json");
      } catch (RuntimeException | Error e) {
        throw new AssertionError(String.format(Locale.ROOT, "seed=%d round=%d", seed, round), e);
      }
    }
    assertThat(loaded).as("seed=%d: some mutations do no harm", seed).isBetween(1, ROUNDS - 1);
  }

  /** The bundled tokenizer with the first few tokens only. */
  private static JsonNode small() throws IOException {
    ObjectNode root = (ObjectNode) JSON.readTree(DEMO.toFile());
    ObjectNode model = root.withObject("model");
    ObjectNode vocabulary = JSON.createObjectNode();
    for (var token : model.path("vocab").properties()) {
      if (token.getValue().intValue() < VOCABULARY) {
        vocabulary.set(token.getKey(), token.getValue());
      }
    }
    ArrayNode merges = JSON.createArrayNode();
    for (JsonNode merge : model.path("merges")) {
      if (vocabulary.has(merge.path(0).asText() + merge.path(1).asText())) {
        merges.add(merge);
      }
    }
    model.set("vocab", vocabulary);
    model.set("merges", merges);
    return root;
  }
}
