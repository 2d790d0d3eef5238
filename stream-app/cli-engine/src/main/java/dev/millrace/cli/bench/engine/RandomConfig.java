package dev.millrace.cli.bench.engine;

import dev.millrace.cli.CommandException;
import dev.millrace.engine.checkpoint.ModelConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Configurations of models that are made at random: from a directory, or one that comes with this
 * program. Those name no stop token, so that every generation has the length that was asked for.
 */
final class RandomConfig {

  /** Llama 4 Scout at full size, but for its context, which 128 Ki tokens bound here. */
  private static final List<String> BUNDLED = List.of("scout");

  private RandomConfig() {}

  /**
   * Reads one.
   *
   * @param name a bundled one's name, or a directory that holds config.json
   */
  static ModelConfig read(String name) {
    if (!BUNDLED.contains(name)) {
      Path directory = Path.of(name);
      if (!Files.isDirectory(directory)) {
        throw CommandException.usage(
            "--random-model is a directory with config.json or one of %s, got '%s'"
                .formatted(BUNDLED, name));
      }
      return ModelConfig.read(directory);
    }
    try (InputStream bundled = RandomConfig.class.getResourceAsStream(name + ".json")) {
      if (bundled == null) {
        throw new IllegalStateException(name + ".json is not on the class path");
      }
      Path directory = Files.createTempDirectory("millrace-bench");
      Path file = directory.resolve("config.json");
      try {
        Files.copy(bundled, file);
        return ModelConfig.read(directory);
      } finally {
        Files.deleteIfExists(file);
        Files.delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the configuration " + name, e);
    }
  }
}
