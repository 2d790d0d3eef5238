package dev.millrace.engine.checkpoint;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.checkpoint.family.ModelFamily;
import dev.millrace.engine.gguf.GgufFile;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * A model's configuration, read once from {@code config.json} and {@code generation_config.json}:
 * defaults applied, contradictions refused, everything derived. Immutable.
 *
 * @param family which rules hold
 * @param architecture what the decoder is made of
 * @param beginToken id that begins a text, if there is one
 * @param stopTokens ids that end a generation, ascending
 * @param imageToken id that stands for a part of an image; it has no meaning as text
 * @param quantisation {@code none}, or what the file calls it
 */
public record ModelConfig(
    ModelFamily family,
    Architecture architecture,
    OptionalInt beginToken,
    List<Integer> stopTokens,
    OptionalInt imageToken,
    String quantisation) {

  /** Copies the list. */
  public ModelConfig {
    stopTokens = List.copyOf(stopTokens);
  }

  /** The same, stored otherwise. */
  ModelConfig withQuantisation(String other) {
    return new ModelConfig(family, architecture, beginToken, stopTokens, imageToken, other);
  }

  /** The same with another architecture. */
  ModelConfig withArchitecture(Architecture other) {
    return new ModelConfig(family, other, beginToken, stopTokens, imageToken, quantisation);
  }

  /**
   * Reads the configuration of a model directory or a GGUF file.
   *
   * @throws CheckpointException naming file, key, found and expected
   * @throws dev.millrace.engine.gguf.GgufException likewise, about a GGUF file
   */
  public static ModelConfig read(Path path) {
    if (GgufFile.isNamed(path)) {
      try (GgufFile file = GgufFile.open(path)) {
        return GgufConfig.read(file).config();
      }
    }
    return ModelConfigReader.read(path);
  }
}
