package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.gguf.GgufFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
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
  private static final int CHARS_MAX = 1 << 20;

  /** The layout of both families; they differ in the names of three tokens. */
  private static final String LAYOUT =
      "{{ bos_token }}{% for message in messages %}"
          + "{{ '#[' + message['role'] + ']#\n\n' + message['content'] | trim + '#|' }}"
          + "{% endfor %}{% if add_generation_prompt %}{{ '#[assistant]#\n\n' }}{% endif %}";

  static ChatTemplateFile read(Path path, Tokenizer tokenizer) {
    return GgufFile.isNamed(path) ? gguf(path, tokenizer) : directory(path, tokenizer);
  }

  private static ChatTemplateFile gguf(Path path, Tokenizer tokenizer) {
    GgufTokenizer file = GgufTokenizer.read(path);
    return file.template()
        .map(text -> new ChatTemplateFile(path, text, file.tokens()).withNoticeOfUnnamedTokens())
        .orElseGet(() -> builtIn(path, tokenizer, new LinkedHashMap<>(file.tokens())));
  }

  private static ChatTemplateFile directory(Path directory, Tokenizer tokenizer) {
    Path config = directory.resolve("tokenizer_config.json");
    SpecialNames names = SpecialNames.read(directory);
    JsonNode node = names.config();
    Map<String, String> tokens = new HashMap<>(names.tokens());
    Path jinja = directory.resolve("chat_template.jinja");
    if (Files.exists(jinja)) {
      return new ChatTemplateFile(jinja, SpecialNames.readText(jinja), tokens)
          .withNoticeOfUnnamedTokens();
    }
    Path json = directory.resolve("chat_template.json");
    Optional<String> named = named(config, node.path("chat_template"));
    if (named.isEmpty() && Files.exists(json)) {
      named = named(json, SpecialNames.readObject(json).path("chat_template"));
    }
    return named
        .map(text -> new ChatTemplateFile(config, text, tokens).withNoticeOfUnnamedTokens())
        .orElseGet(() -> builtIn(directory, tokenizer, tokens));
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
              + " tokenizer_config.json; tokenizer.chat_template of a GGUF file) and its tokenizer"
              + " knows neither <|header_start|> nor <|start_header_id|>");
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

  /** A template that prints a token which nothing names begins or ends its prompts without. */
  private ChatTemplateFile withNoticeOfUnnamedTokens() {
    for (String part : SpecialNames.PARTS) {
      if (!tokens.containsKey(part) && template.contains(part)) {
        LOG.warn(
            "{}: the chat template mentions {}, which neither tokenizer_config.json nor"
                + " special_tokens_map.json nor a GGUF file's metadata name: it prints nothing"
                + " there",
            file.getFileName(),
            part);
      }
    }
    return this;
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
