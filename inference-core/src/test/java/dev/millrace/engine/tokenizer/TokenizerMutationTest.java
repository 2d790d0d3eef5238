package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broken tokenizer is refused in words; it never ends the process, nor fails later. */
final class TokenizerMutationTest {

  private static final Path DEMO =
      Path.of(System.getProperty("millrace.root"), "inference-core/models/demo/tokenizer.json");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int VOCABULARY = 280;

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
    int rounds = 300;
    for (int round = 0; round < rounds; round++) {
      JsonNode mutated = JSON.readTree(sound);
      for (int edits = random.nextInt(1, 4); edits > 0; edits--) {
        mutate(mutated, random);
      }
      Files.writeString(directory.resolve("tokenizer.json"), mutated.toString());
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
    assertThat(loaded).as("seed=%d: some mutations do no harm", seed).isBetween(1, rounds - 1);
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

  /** Replaces or removes one value; descends at random, so that the outer ones are hit as well. */
  private static void mutate(JsonNode root, SplittableRandom random) throws IOException {
    JsonNode parent = root;
    while (true) {
      List<String> keys = new ArrayList<>();
      parent.fieldNames().forEachRemaining(keys::add);
      int children = parent.size();
      if (children == 0) {
        return;
      }
      int index = random.nextInt(children);
      JsonNode child = parent.isObject() ? parent.get(keys.get(index)) : parent.get(index);
      if (child.size() > 0 && random.nextInt(5) != 0) {
        parent = child;
        continue;
      }
      JsonNode value = JSON.readTree(VALUES.get(random.nextInt(VALUES.size())));
      boolean remove = random.nextInt(5) == 0;
      if (parent instanceof ObjectNode object) {
        if (remove) {
          object.remove(keys.get(index));
        } else {
          object.set(keys.get(index), value);
        }
      } else if (parent instanceof ArrayNode array) {
        if (remove) {
          array.remove(index);
        } else {
          array.set(index, value);
        }
      }
      return;
    }
  }
}
