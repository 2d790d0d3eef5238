package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Builds the parts of a {@code tokenizer.json} anew from what we understand of them. The native
 * library ends the whole process when a file contradicts itself, so that nothing reaches it that
 * was not checked here.
 */
final class TokenizerRules {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int PATTERN_CHARS_MAX = 4_096;
  private static final int STEPS_MAX = 8;
  private static final List<String> NORMALIZERS = List.of("NFC", "NFD", "NFKC", "NFKD");
  private static final List<String> BEHAVIOURS =
      List.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous");

  private final Path file;

  TokenizerRules(Path file) {
    this.file = file;
  }

  /** The byte-pair model: vocabulary and merges that fit it; the vocabulary is borrowed. */
  ObjectNode model(JsonNode model) {
    String type = model.path("type").asText("nothing");
    if (!type.equals("BPE")) {
      throw refuse("model.type", "BPE", JSON.textNode(type));
    }
    if (!(model.path("vocab") instanceof ObjectNode vocabulary) || vocabulary.isEmpty()) {
      throw refuse("model.vocab", "an object with tokens", model.path("vocab"));
    }
    for (String prefix : List.of("continuing_subword_prefix", "end_of_word_suffix", "unk_token")) {
      if (!model.path(prefix).asText("").isEmpty() && !model.path(prefix).isNull()) {
        throw refuse("model." + prefix, "none", model.path(prefix));
      }
    }
    if (model.path("dropout").asDouble() != 0 || model.path("byte_fallback").asBoolean()) {
      throw new TokenizerException(file, "model.dropout and model.byte_fallback: expected none");
    }
    ObjectNode clean = JSON.objectNode();
    clean.put("type", "BPE");
    clean.putNull("dropout").putNull("unk_token");
    clean.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    clean.put("fuse_unk", false).put("byte_fallback", false);
    clean.put("ignore_merges", model.path("ignore_merges").asBoolean());
    clean.set("vocab", vocabulary);
    clean.set("merges", merges(model.path("merges"), vocabulary));
    return clean;
  }

  private ArrayNode merges(JsonNode merges, ObjectNode vocabulary) {
    if (!merges.isArray()) {
      throw refuse("model.merges", "a list", merges);
    }
    ArrayNode clean = JSON.arrayNode(merges.size());
    for (JsonNode merge : merges) {
      String[] pair =
          merge.isTextual()
              ? merge.textValue().split(" ", -1)
              : new String[] {merge.path(0).asText(), merge.path(1).asText()};
      boolean sound =
          pair.length == 2
              && (merge.isTextual() || merge.size() == 2)
              && !pair[0].isEmpty()
              && !pair[1].isEmpty()
              && vocabulary.has(pair[0])
              && vocabulary.has(pair[1])
              && vocabulary.has(pair[0] + pair[1]);
      if (!sound) {
        throw refuse(
            String.format(Locale.ROOT, "model.merges[%d]", clean.size()),
            "two tokens of the vocabulary that make a third",
            merge);
      }
      clean.add(JSON.arrayNode().add(pair[0]).add(pair[1]));
    }
    return clean;
  }

  /** None, or one of the Unicode forms. */
  JsonNode normalizer(JsonNode normalizer) {
    if (normalizer.isNull() || normalizer.isMissingNode()) {
      return JSON.nullNode();
    }
    String type = normalizer.path("type").asText();
    if (!NORMALIZERS.contains(type)) {
      throw refuse("normalizer", "none or one of " + NORMALIZERS, normalizer.path("type"));
    }
    return JSON.objectNode().put("type", type);
  }

  /** Splits by expressions, around digits, then bytes; in a sequence in any order. */
  ObjectNode preTokenizer(JsonNode node) {
    String type = node.path("type").asText("nothing");
    return switch (type) {
      case "Sequence" -> sequence(node.path("pretokenizers"));
      case "Split" -> split(node);
      case "Digits" -> digits(node);
      case "ByteLevel" -> byteLevel(node);
      default ->
          throw refuse(
              "pre_tokenizer.type", "Sequence, Split, Digits or ByteLevel", JSON.textNode(type));
    };
  }

  private ObjectNode sequence(JsonNode steps) {
    if (!steps.isArray() || steps.isEmpty() || steps.size() > STEPS_MAX) {
      throw refuse("pretokenizers", "a list of 1 to " + STEPS_MAX, steps);
    }
    ObjectNode clean = JSON.objectNode().put("type", "Sequence");
    ArrayNode list = clean.putArray("pretokenizers");
    for (JsonNode step : steps) {
      if (step.path("type").asText().equals("Sequence")) {
        throw new TokenizerException(file, "pre_tokenizer: a sequence within a sequence");
      }
      list.add(preTokenizer(step));
    }
    return clean;
  }

  private ObjectNode split(JsonNode node) {
    JsonNode pattern = node.path("pattern");
    String kind = pattern.has("Regex") ? "Regex" : "String";
    String text = pattern.path(kind).asText("");
    if (text.isEmpty() || text.length() > PATTERN_CHARS_MAX || text.indexOf('\0') >= 0) {
      throw refuse(
          "pre_tokenizer.pattern",
          String.format(Locale.ROOT, "an expression of at most %,d characters", PATTERN_CHARS_MAX),
          pattern);
    }
    if (!BEHAVIOURS.contains(node.path("behavior").asText())) {
      throw refuse("pre_tokenizer.behavior", "one of " + BEHAVIOURS, node.path("behavior"));
    }
    ObjectNode clean = JSON.objectNode().put("type", "Split");
    clean.putObject("pattern").put(kind, text);
    return clean
        .put("behavior", node.path("behavior").asText())
        .put("invert", node.path("invert").asBoolean());
  }

  /**
   * Each number character a word, or each run of them: general categories Nd, Nl and No, in the
   * Unicode version of the library. The file must say which, as the library demands.
   */
  private ObjectNode digits(JsonNode node) {
    String key = "individual_digits";
    JsonNode individual = node.path(key);
    if (!individual.isBoolean()) {
      throw refuse("pre_tokenizer." + key, "true or false", individual);
    }
    return JSON.objectNode().put("type", "Digits").put(key, individual.booleanValue());
  }

  private static ObjectNode byteLevel(JsonNode node) {
    return JSON.objectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", node.path("add_prefix_space").asBoolean(true))
        .put("trim_offsets", true)
        .put("use_regex", node.path("use_regex").asBoolean(true));
  }

  /** All models we run have byte-level vocabularies; our own decoding relies on it. */
  ObjectNode decoder(JsonNode decoder) {
    String type = decoder.path("type").asText("nothing");
    if (!type.equals("ByteLevel")) {
      throw refuse("decoder.type", "ByteLevel", JSON.textNode(type));
    }
    return byteLevel(decoder);
  }

  /** A token beside the model's own. */
  AddedToken addedToken(JsonNode token) {
    String content = token.path("content").asText("");
    if (content.isEmpty() || !token.path("content").isTextual()) {
      throw refuse("added_tokens", "entries with content", token);
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(content)) {
      throw refuse("added_tokens", "content without half surrogate pairs", token);
    }
    return new AddedToken(
        content,
        flag(token, "single_word"),
        flag(token, "lstrip"),
        flag(token, "rstrip"),
        flag(token, "normalized"),
        flag(token, "special"));
  }

  private boolean flag(JsonNode token, String name) {
    JsonNode value = token.path(name);
    if (!value.isBoolean()) {
      throw refuse("added_tokens[]." + name, "true or false", token);
    }
    return value.booleanValue();
  }

  private TokenizerException refuse(String key, String expected, JsonNode found) {
    String text = found.isMissingNode() ? "nothing" : found.toString();
    return new TokenizerException(
        file,
        String.format(
            Locale.ROOT,
            "key %s: expected %s, found %s",
            key,
            expected,
            text.length() > 80 ? text.substring(0, 80) + "…" : text));
  }
}
