package dev.millrace.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.checkpoint.family.ModelFamilies;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;

/** Reads what configurations of all families say alike, and leaves the rest to the family. */
final class ModelConfigReader {

  private static final long FILE_BYTES_MAX = 16L << 20;

  private final ConfigNode top;
  private final ConfigNode text;

  private ModelConfigReader(ConfigNode top) {
    this.top = top;
    this.text = top.object("text_config").orElse(top);
  }

  static ModelConfig read(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new CheckpointException(
          directory,
          (Files.exists(directory) ? "expected a directory" : "there is no such directory")
              + "; give the directory that holds config.json");
    }
    ModelConfigReader reader = new ModelConfigReader(object(directory.resolve("config.json")));
    Path generation = directory.resolve("generation_config.json");
    return reader.config(
        JsonFile.readOptionalObject(generation, FILE_BYTES_MAX)
            .map(node -> ConfigNode.root(generation, node))
            .orElse(reader.text));
  }

  /** The configuration in an object that stands for a config.json. */
  static ModelConfig of(Path file, JsonNode config) {
    ModelConfigReader reader = new ModelConfigReader(ConfigNode.root(file, config));
    return reader.config(reader.text);
  }

  private static ConfigNode object(Path file) {
    return ConfigNode.root(file, JsonFile.readObject(file, FILE_BYTES_MAX));
  }

  private ModelConfig config(ConfigNode generation) {
    ModelFamilies.Read read = ModelFamilies.read(top);
    int vocabulary = read.architecture().vocabulary();
    return new ModelConfig(
        read.family(),
        read.architecture(),
        beginToken(generation, vocabulary),
        stopTokens(generation, vocabulary),
        imageToken(read, vocabulary),
        quantisation());
  }

  private String quantisation() {
    ConfigNode config = text;
    var found = text.object("quantization_config");
    if (found.isEmpty()) {
      config = top;
      found = top.object("quantization_config");
    }
    if (found.isEmpty()) {
      return "none";
    }
    String method = found.get().text("quant_method", "");
    String format = found.get().text("format", found.get().text("quant_algo", ""));
    if (method.isEmpty()) {
      throw config.refuse("quantization_config", "an object with quant_method");
    }
    return format.isEmpty() ? method : method + " " + format;
  }

  // ---- tokens

  private OptionalInt imageToken(ModelFamilies.Read read, int vocabulary) {
    OptionalInt token = read.family().imageToken(read.architecture().name(), top);
    return token.isPresent() && token.getAsInt() < vocabulary ? token : OptionalInt.empty();
  }

  private OptionalInt beginToken(ConfigNode generation, int vocabulary) {
    ConfigNode config = generation.has("bos_token_id") ? generation : tokens("bos_token_id");
    return config.has("bos_token_id")
        ? OptionalInt.of(config.integer("bos_token_id", 0, vocabulary - 1, 0))
        : OptionalInt.empty();
  }

  /** Both files may name them; a model stops at any. */
  private List<Integer> stopTokens(ConfigNode generation, int vocabulary) {
    TreeSet<Integer> stops = new TreeSet<>();
    stops.addAll(generation.integers("eos_token_id", 1_000, 0, vocabulary - 1));
    stops.addAll(tokens("eos_token_id").integers("eos_token_id", 1_000, 0, vocabulary - 1));
    return List.copyOf(stops);
  }

  private ConfigNode tokens(String key) {
    JsonNode nested = text.node().path(key);
    return nested.isMissingNode() || nested.isNull() ? top : text;
  }
}
