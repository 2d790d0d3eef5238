package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the vocabulary of a GGUF file in Hugging Face's layout. Stateless. */
public final class GgufTokenizerImport {

  private GgufTokenizerImport() {}

  /**
   * Writes {@code tokenizer.json} and {@code tokenizer_config.json}, the chat template within.
   *
   * @param file the (first) GGUF file
   * @param directory exists
   * @throws TokenizerException if the vocabulary is of an unsupported kind, or files cannot be
   *     written
   * @throws dev.millrace.engine.gguf.GgufException if the file cannot be read
   */
  public static void write(Path file, Path directory) {
    GgufTokenizer tokenizer = GgufTokenizer.read(file);
    JsonMapper mapper = new JsonMapper();
    ObjectNode config = mapper.createObjectNode();
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    config.put("clean_up_tokenization_spaces", false);
    tokenizer.tokens().forEach(config::put);
    tokenizer.template().ifPresent(text -> config.put("chat_template", text));
    try {
      Files.writeString(
          directory.resolve("tokenizer.json"), mapper.writeValueAsString(tokenizer.json()) + "\n");
      Files.writeString(
          directory.resolve("tokenizer_config.json"),
          mapper.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n");
    } catch (IOException e) {
      throw new TokenizerException(directory, "it cannot be written: " + e, e);
    }
  }
}
