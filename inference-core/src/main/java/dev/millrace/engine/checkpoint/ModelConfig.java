package dev.millrace.engine.checkpoint;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.checkpoint.family.ModelFamily;
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

  /** The same with another architecture. */
  ModelConfig withArchitecture(Architecture other) {
    return new ModelConfig(family, other, beginToken, stopTokens, imageToken, quantisation);
  }

  /**
   * Reads a model directory's configuration.
   *
   * @throws CheckpointException naming file, key, found and expected
   */
  public static ModelConfig read(Path directory) {
    return ModelConfigReader.read(directory);
  }
}
