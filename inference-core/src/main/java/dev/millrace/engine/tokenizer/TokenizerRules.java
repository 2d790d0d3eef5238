package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds the parts of a {@code tokenizer.json} anew from what we understand of them. The native
 * library ends the whole process when a file contradicts itself, so that nothing reaches it that
 * was not checked here.
 */
final class TokenizerRules {

  private static final Logger LOG = LoggerFactory.getLogger(TokenizerRules.class);
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int PATTERN_CHARS_MAX = 4_096;
  private static final int STEPS_MAX = 16;
  private static final int DEPTH_MAX = 4;
  private static final String BYTE_LEVEL = "ByteLevel";
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
    for (String prefix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      if (!model.path(prefix).asText("").isEmpty() && !model.path(prefix).isNull()) {
        throw refuse("model." + prefix, "none", model.path(prefix));
      }
    }
    if (model.path("dropout").asDouble() != 0) {
      throw refuse("model.dropout", "none", model.path("dropout"));
    }
    requireBytes(vocabulary);
    ObjectNode clean = JSON.objectNode();
    clean.put("type", "BPE");
    // With every byte in the vocabulary nothing is unknown, whatever would stand for it.
    clean.putNull("dropout").putNull("unk_token");
    clean.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    clean.put("fuse_unk", false).put("byte_fallback", false);
    clean.put("ignore_merges", model.path("ignore_merges").asBoolean());
    clean.set("vocab", vocabulary);
    clean.set("merges", merges(model.path("merges"), vocabulary));
    return clean;
  }

  /**
   * Whether text does well without a byte: control characters that are no white space, and first
   * bytes of characters from U+40000 to U+BFFFF, of which there are none. Small models'
   * vocabularies lack some of them; the tokenizers library leaves them out of text.
   */
  static boolean isDispensable(int value) {
    return value < 0x09 || (value > 0x0d && value < 0x20) || value == 0xf1 || value == 0xf2;
  }

  /** Bytes that a vocabulary lacks would be left out of text without a word. */
  private void requireBytes(ObjectNode vocabulary) {
    List<String> missing = new ArrayList<>();
    List<String> left = new ArrayList<>();
    for (int value = 0; value < 256; value++) {
      boolean inText = value < 0xc0 || (value > 0xc1 && value < 0xf5);
      if (inText && !vocabulary.has(String.valueOf(ByteLevel.character((byte) value)))) {
        (isDispensable(value) ? left : missing).add(String.format(Locale.ROOT, "0x%02x", value));
      }
    }
    if (!left.isEmpty()) {
      LOG.warn(
          "{}: the vocabulary lacks the bytes {}, which begin control characters or none at all; they"
              + " are left out of documents",
          file.getFileName(),
          left);
    }
    if (!missing.isEmpty()) {
      throw new TokenizerException(
          file,
          String.format(
              Locale.ROOT,
              "model.vocab lacks %d of the bytes that text is made of, such as %s: text with them"
                  + " would lose them; expected a byte-level vocabulary with all of them",
              missing.size(),
              missing.getFirst()));
    }
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

  /** None, or one of the Unicode forms; of several in sequence, the one that they come to. */
  JsonNode normalizer(JsonNode normalizer) {
    if (normalizer.isNull() || normalizer.isMissingNode()) {
      return JSON.nullNode();
    }
    JsonNode steps = normalizer.path("normalizers");
    if (normalizer.path("type").asText().equals("Sequence") && steps.isArray()) {
      String form = "";
      for (JsonNode step : steps) {
        form = both(form, normalizer(step).path("type").asText(""));
      }
      return form.isEmpty() ? JSON.nullNode() : JSON.objectNode().put("type", form);
    }
    String type = normalizer.path("type").asText();
    if (!NORMALIZERS.contains(type)) {
      throw refuse("normalizer", "none or one of " + NORMALIZERS, normalizer.path("type"));
    }
    return JSON.objectNode().put("type", type);
  }

  /** Composed or not as the later one says, compatible if either is. */
  private static String both(String first, String then) {
    if (first.isEmpty() || then.isEmpty()) {
      return first + then;
    }
    boolean compatible = first.contains("K") || then.contains("K");
    return (compatible ? "NFK" : "NF") + then.charAt(then.length() - 1);
  }

  /** Splits by expressions, at digits and punctuation, and once into bytes, in any order. */
  ObjectNode preTokenizer(JsonNode node) {
    ArrayNode steps = JSON.arrayNode();
    flatten(node, 0, steps);
    int bytes = 0;
    for (JsonNode step : steps) {
      bytes += step.path("type").asText().equals(BYTE_LEVEL) ? 1 : 0;
    }
    if (bytes != 1 || steps.size() > STEPS_MAX) {
      throw refuse(
          "pre_tokenizer",
          String.format(Locale.ROOT, "at most %d steps, one of them ByteLevel", STEPS_MAX),
          node);
    }
    return steps.size() == 1
        ? (ObjectNode) steps.get(0)
        : JSON.objectNode().put("type", "Sequence").set("pretokenizers", steps);
  }

  /** Whether it puts a space before text that begins with none. */
  static boolean putsSpaceBefore(JsonNode preTokenizer) {
    return preTokenizer.findValues("add_prefix_space").stream().anyMatch(JsonNode::booleanValue);
  }

  private void flatten(JsonNode node, int depth, ArrayNode steps) {
    String type = node.path("type").asText("nothing");
    switch (type) {
      case "Sequence" -> {
        JsonNode inner = node.path("pretokenizers");
        if (!inner.isArray() || inner.size() > STEPS_MAX || depth > DEPTH_MAX) {
          throw refuse("pretokenizers", "a list of at most " + STEPS_MAX, inner);
        }
        inner.forEach(step -> flatten(step, depth + 1, steps));
      }
      case "Split" -> steps.add(split(node));
      case "Digits" -> steps.add(digits(node));
      case "Punctuation" ->
          steps.add(JSON.objectNode().put("type", type).put("behavior", behaviour(node, false)));
      case BYTE_LEVEL -> steps.add(byteLevel(node));
      default ->
          throw refuse(
              "pre_tokenizer.type",
              "Sequence, Split, Digits, Punctuation or ByteLevel",
              JSON.textNode(type));
    }
  }

  /** What becomes of a match; one that is dropped would be missing from the text. */
  private String behaviour(JsonNode node, boolean mayRemove) {
    // the library's own default, which only Punctuation has
    String behaviour = node.path("behavior").asText("Isolated");
    if (!BEHAVIOURS.contains(behaviour)) {
      throw refuse("pre_tokenizer.behavior", "one of " + BEHAVIOURS, node.path("behavior"));
    }
    if (behaviour.equals("Removed") && !mayRemove) {
      throw refuse(
          "pre_tokenizer.behavior", "one that drops nothing of the text", node.path("behavior"));
    }
    return behaviour;
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
    if (!node.path("behavior").isTextual()) {
      throw refuse("pre_tokenizer.behavior", "one of " + BEHAVIOURS, node.path("behavior"));
    }
    // Inverted, it drops what is no match: whether there is such text is tried when it is loaded.
    String behaviour = behaviour(node, node.path("invert").asBoolean());
    ObjectNode clean = JSON.objectNode().put("type", "Split");
    clean.putObject("pattern").put(kind, text);
    return clean.put("behavior", behaviour).put("invert", node.path("invert").asBoolean());
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
        .put("type", BYTE_LEVEL)
        .put("add_prefix_space", node.path("add_prefix_space").asBoolean(true))
        .put("trim_offsets", true)
        .put("use_regex", node.path("use_regex").asBoolean(true));
  }

  /**
   * All models we run have byte-level vocabularies; our own decoding relies on it, and does the
   * same where a file names no decoder.
   */
  ObjectNode decoder(JsonNode decoder) {
    JsonNode steps = decoder.path("decoders");
    if (decoder.path("type").asText().equals("Sequence") && steps.size() == 1) {
      return decoder(steps.path(0));
    }
    if (decoder.isNull()) {
      return byteLevel(decoder);
    }
    String type = decoder.path("type").asText("nothing");
    if (!type.equals(BYTE_LEVEL)) {
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
