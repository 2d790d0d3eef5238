package dev.millrace.engine.checkpoint;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * A model's configuration, read once from {@code config.json} and {@code generation_config.json}:
 * defaults applied, contradictions refused, everything derived. Immutable.
 *
 * @param family which rules hold
 * @param architecture as the file names it
 * @param hiddenSize H
 * @param queryHeads Q
 * @param kvHeads K, divides Q
 * @param headDimension D
 * @param vocabulary V, rows of the embedding table
 * @param contextTokens longest context the model was made for
 * @param normEpsilon of every RMS norm
 * @param tiedEmbeddings whether the head is the embedding table
 * @param experts E, 0 for a dense model
 * @param expertsPerToken experts chosen per token
 * @param expertWidth I of routed and shared experts
 * @param denseWidth I of dense layers
 * @param layers one entry per layer
 * @param beginToken id that begins a text, if there is one
 * @param stopTokens ids that end a generation, ascending
 * @param quantisation {@code none}, or what the file calls it
 */
public record ModelConfig(
    Family family,
    String architecture,
    int hiddenSize,
    int queryHeads,
    int kvHeads,
    int headDimension,
    int vocabulary,
    int contextTokens,
    float normEpsilon,
    boolean tiedEmbeddings,
    int experts,
    int expertsPerToken,
    int expertWidth,
    int denseWidth,
    List<LayerConfig> layers,
    OptionalInt beginToken,
    List<Integer> stopTokens,
    String quantisation) {

  /** Copies the lists. */
  public ModelConfig {
    layers = List.copyOf(layers);
    stopTokens = List.copyOf(stopTokens);
  }

  /** Which rules hold. */
  public enum Family {
    /** Llama 4 text models: Scout, Maverick, Guard 4 and dense relatives. */
    LLAMA4,
    /** Llama 3 and older. */
    LLAMA3
  }

  /**
   * Reads a model directory's configuration.
   *
   * @throws CheckpointException naming file, key, found and expected
   */
  public static ModelConfig read(Path directory) {
    return ModelConfigReader.read(directory);
  }

  /** Number of MoE layers. */
  public int moeLayers() {
    return Math.toIntExact(layers.stream().filter(LayerConfig::moe).count());
  }

  /** Elements of keys and values of one token in all layers. */
  public long kvElementsPerToken() {
    return 2L * layers.size() * kvHeads * headDimension;
  }
}
