package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a model keeps its chat template, and the special tokens it may name.
 *
 * @param file the file it came from
 * @param template its text
 * @param tokens {@code bos_token} and the like to their text
 */
record ChatTemplateFile(Path file, String template, Map<String, String> tokens) {

  private static final Logger LOG = LoggerFactory.getLogger(ChatTemplateFile.class);
  private static final long BYTES_MAX = 64L << 20;
  private static final int CHARS_MAX = 1 << 20;
  private static final List<String> TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  /** The layout of both families; they differ in the names of three tokens. */
  private static final String LAYOUT =
      "{{ bos_token }}{% for message in messages %}"
          + "{{ '#[' + message['role'] + ']#\n\n' + message['content'] | trim + '#|' }}"
          + "{% endfor %}{% if add_generation_prompt %}{{ '#[assistant]#\n\n' }}{% endif %}";

  static ChatTemplateFile read(Path directory, Tokenizer tokenizer) {
    Path config = directory.resolve("tokenizer_config.json");
    JsonNode node = Files.exists(config) ? readObject(config) : new JsonMapper().createObjectNode();
    Map<String, String> tokens = new HashMap<>();
    addTokens(node, tokens);
    Path map = directory.resolve("special_tokens_map.json");
    if (!node.has("added_tokens_decoder") && Files.exists(map)) {
      addTokens(readObject(map), tokens);
    }
    Path jinja = directory.resolve("chat_template.jinja");
    if (Files.exists(jinja)) {
      return new ChatTemplateFile(jinja, readText(jinja), tokens);
    }
    Path json = directory.resolve("chat_template.json");
    Optional<String> named = named(config, node.path("chat_template"));
    if (named.isEmpty() && Files.exists(json)) {
      named = named(json, readObject(json).path("chat_template"));
    }
    return named
        .map(text -> new ChatTemplateFile(config, text, tokens))
        .orElseGet(() -> builtIn(directory, tokenizer, tokens));
  }

  /** The tokens that transformers hands to templates. */
  private static void addTokens(JsonNode named, Map<String, String> tokens) {
    for (String name : TOKENS) {
      JsonNode token = named.path(name);
      String text = token.isObject() ? token.path("content").asText() : token.asText("");
      if (!text.isEmpty()) {
        tokens.put(name, text);
      }
    }
  }

  /** One template, or the default one of several. */
  private static Optional<String> named(Path file, JsonNode template) {
    if (template.isTextual()) {
      return Optional.of(template.textValue());
    }
    for (JsonNode entry : template) {
      if (entry.path("name").asText().equals("default")) {
        return Optional.of(entry.path("template").asText());
      }
    }
    if (!template.isMissingNode() && !template.isNull()) {
      throw new TokenizerException(
          file, "key chat_template: expected text or a list with an entry named default");
    }
    return Optional.empty();
  }

  private static ChatTemplateFile builtIn(
      Path directory, Tokenizer tokenizer, Map<String, String> tokens) {
    boolean llama4 = tokenizer.specialToken("<|header_start|>").isPresent();
    if (!llama4 && tokenizer.specialToken("<|start_header_id|>").isEmpty()) {
      throw new TokenizerException(
          directory,
          "it has no chat template (chat_template.jinja, or chat_template in"
              + " tokenizer_config.json) and its tokenizer knows neither <|header_start|> nor"
              + " <|start_header_id|>");
    }
    LOG.info(
        "{} has no chat template; using the layout of Llama {}",
        directory.getFileName(),
        llama4 ? 4 : 3);
    tokens.put("bos_token", "<|begin_of_text|>");
    String template =
        LAYOUT
            .replace("#[", llama4 ? "<|header_start|>" : "<|start_header_id|>")
            .replace("]#", llama4 ? "<|header_end|>" : "<|end_header_id|>")
            .replace("#|", llama4 ? "<|eot|>" : "<|eot_id|>");
    return new ChatTemplateFile(directory, template, tokens);
  }

  private static JsonNode readObject(Path file) {
    try {
      JsonNode node = new JsonMapper().readTree(readText(file));
      if (node.isObject()) {
        return node;
      }
      throw new TokenizerException(file, "expected a JSON object");
    } catch (JsonProcessingException e) {
      throw new TokenizerException(file, "not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static String readText(Path file) {
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

  /** Refuses absurd lengths. */
  ChatTemplateFile {
    tokens = Map.copyOf(tokens);
    if (template.length() > CHARS_MAX) {
      throw new TokenizerException(
          file,
          String.format(
              Locale.ROOT,
              "its chat template has %,d characters, at most %,d are accepted",
              template.length(),
              CHARS_MAX));
    }
  }
}
