package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.gguf.GgufFile;
import dev.millrace.engine.gguf.GgufVocabulary;
import dev.millrace.engine.gguf.GgufVocabulary.TokenType;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF file's vocabulary as the tokenizer.json that the same model has in Hugging Face's layout,
 * so that one set of rules reads both. Ids are the file's own: tokens that are not ordinary ones
 * stand in the vocabulary, too; unused ones, which only fill it up, in neither.
 *
 * @param json what a tokenizer.json would hold
 * @param tokens parts of tokens to their texts
 * @param template the chat template, if there is one
 */
record GgufTokenizer(ObjectNode json, Map<String, String> tokens, Optional<String> template) {

  /** Copies the map. */
  GgufTokenizer {
    tokens = Collections.unmodifiableMap(new LinkedHashMap<>(tokens));
  }

  /**
   * Reads a file.
   *
   * @throws TokenizerException if nothing is known of its rule for splitting text
   * @throws dev.millrace.engine.gguf.GgufException if it is malformed otherwise
   */
  static GgufTokenizer read(Path path) {
    try (GgufFile file = GgufFile.open(path)) {
      GgufVocabulary vocabulary = GgufVocabulary.read(file);
      Map<String, String> tokens = new LinkedHashMap<>();
      vocabulary
          .named()
          .forEach((part, id) -> {
            String name = nameInConfig(part);
            if (!name.isEmpty()) {
              tokens.put(name, vocabulary.tokens().get(id));
            }
          });
      return new GgufTokenizer(
          json(path, vocabulary), tokens, file.metadata().text("tokenizer.chat_template"));
    }
  }

  /** The name that Hugging Face's layout has for a part; empty if it has none. */
  private static String nameInConfig(String part) {
    return switch (part) {
      case "bos" -> "bos_token";
      case "eos" -> "eos_token";
      case "unknown" -> "unk_token";
      case "seperator" -> "sep_token";
      case "padding" -> "pad_token";
      default -> "";
    };
  }

  private static ObjectNode json(Path path, GgufVocabulary vocabulary) {
    SplittingRule rule =
        SplittingRule.named(vocabulary.splitting())
            .orElseThrow(() ->
                new TokenizerException(
                    path,
                    "metadata tokenizer.ggml.pre: the splitting rule \"%s\" is not known;"
                            .formatted(vocabulary.splitting())
                        + " expected one of "
                        + SplittingRule.known()));
    ObjectNode root = SpecialNames.JSON.createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    root.putNull("normalizer");
    root.set("pre_tokenizer", rule.preTokenizer());
    root.putNull("post_processor");
    root.putObject("decoder")
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", false);
    ObjectNode model = root.putObject("model").put("type", "BPE");
    model.putNull("dropout").putNull("unk_token").putNull("continuing_subword_prefix");
    model.putNull("end_of_word_suffix").put("fuse_unk", false).put("byte_fallback", false);
    model.put("ignore_merges", rule.takesWholeTokens());
    ObjectNode ids = model.putObject("vocab");
    List<String> tokens = vocabulary.tokens();
    for (int id = 0; id < tokens.size(); id++) {
      TokenType type = vocabulary.types().get(id);
      if (type == TokenType.UNUSED) {
        continue;
      }
      ids.put(tokens.get(id), id);
      if (type != TokenType.NORMAL && type != TokenType.BYTE) {
        added
            .addObject()
            .put("id", id)
            .put("content", tokens.get(id))
            .put("single_word", false)
            .put("lstrip", false)
            .put("rstrip", false)
            .put("normalized", false)
            .put("special", type != TokenType.USER_DEFINED);
      }
    }
    ArrayNode merges = model.putArray("merges");
    vocabulary.merges().forEach(merges::add);
    return root;
  }
}
