package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The special tokens that a model directory names by their part, such as {@code bos_token}: in
 * {@code tokenizer_config.json}, or in {@code special_tokens_map.json} of files written by older
 * tools. Immutable.
 *
 * @param tokens parts to texts
 * @param config the whole of tokenizer_config.json, an empty object if there is none
 */
record SpecialNames(Map<String, String> tokens, JsonNode config) {
  private static final long BYTES_MAX = 64L << 20;

  /** Takes what Python writes: NaN and Infinity, in keys that nobody reads. */
  static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  /** What a token can be to a tokenizer, as transformers names it. */
  static final List<String> PARTS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  /** Copies the map. */
  SpecialNames {
    tokens = Collections.unmodifiableMap(new LinkedHashMap<>(tokens));
  }

  static SpecialNames read(Path directory) {
    Path file = directory.resolve("tokenizer_config.json");
    JsonNode config = Files.exists(file) ? readObject(file) : JSON.createObjectNode();
    Map<String, String> tokens = new LinkedHashMap<>();
    add(config, tokens);
    Path map = directory.resolve("special_tokens_map.json");
    if (!config.has("added_tokens_decoder") && Files.exists(map)) {
      add(readObject(map), tokens);
    }
    return new SpecialNames(tokens, config);
  }

  private static void add(JsonNode named, Map<String, String> tokens) {
    for (String part : PARTS) {
      JsonNode token = named.path(part);
      String text = token.isObject() ? token.path("content").asText() : token.asText("");
      if (!text.isEmpty()) {
        tokens.put(part, text);
      }
    }
  }

  /** The object in a file. */
  static JsonNode readObject(Path file) {
    try {
      JsonNode node = JSON.readTree(readText(file));
      if (node.isObject()) {
        return node;
      }
      throw new TokenizerException(file, "expected a JSON object");
    } catch (JsonProcessingException e) {
      throw new TokenizerException(file, "not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** The text in a file of bounded size. */
  static String readText(Path file) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > BYTES_MAX) {
        throw new TokenizerException(
            file,
            String.format(Locale.ROOT, "expected a regular file of at most %,d bytes", BYTES_MAX));
      }
      return Files.readString(file);
    } catch (MalformedInputException e) {
      throw new TokenizerException(file, "it is not UTF-8", e);
    } catch (IOException e) {
      throw new TokenizerException(file, "it cannot be read: " + e, e);
    }
  }
}
