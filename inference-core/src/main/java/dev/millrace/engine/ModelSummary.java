package dev.millrace.engine;

import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.checkpoint.ModelFiles;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a model directory holds, without loading it.
 *
 * @param name directory name
 * @param architecture as its configuration names it
 * @param quantisation {@code none}, or the layout's name
 * @param layers number of layers
 * @param moeLayers those with experts
 * @param experts experts of such a layer
 * @param expertsPerToken those that compute a token
 * @param hiddenSize width
 * @param queryHeads heads of queries
 * @param kvHeads heads of keys and values
 * @param headDimension elements of one head
 * @param vocabulary vocabulary size
 * @param contextTokens longest context it was made for
 * @param parameters of the text model
 * @param activeParameters those that compute one token
 * @param weightFiles number of safetensors files
 * @param weightBytes bytes of all tensors, those of other parts (vision) included
 * @param bytesByType the same by element type, ascending
 * @param kvBytesPerToken keys and values of one token in all layers, two bytes each element
 */
public record ModelSummary(
    String name,
    String architecture,
    String quantisation,
    int layers,
    int moeLayers,
    int experts,
    int expertsPerToken,
    int hiddenSize,
    int queryHeads,
    int kvHeads,
    int headDimension,
    int vocabulary,
    int contextTokens,
    long parameters,
    long activeParameters,
    int weightFiles,
    long weightBytes,
    Map<String, Long> bytesByType,
    long kvBytesPerToken) {

  private static final int KV_ELEMENT_BYTES = 2;

  /** Copies and sorts the map. */
  public ModelSummary {
    bytesByType = Collections.unmodifiableMap(new TreeMap<>(bytesByType));
  }

  /**
   * Reads a directory's configuration and the headers of its weights.
   *
   * @throws EngineException if one of them is missing or malformed
   */
  public static ModelSummary of(Path directory) {
    try (ModelFiles files = ModelFiles.open(directory)) {
      ModelConfig config = files.config();
      Map<String, Long> bytes = files.bytesByType();
      return new ModelSummary(
          directory.toAbsolutePath().normalize().getFileName().toString(),
          config.architecture(),
          config.quantisation(),
          config.layers().size(),
          config.moeLayers(),
          config.experts(),
          config.expertsPerToken(),
          config.hiddenSize(),
          config.queryHeads(),
          config.kvHeads(),
          config.headDimension(),
          config.vocabulary(),
          config.contextTokens(),
          parameters(config, config.experts()),
          parameters(config, config.expertsPerToken()),
          files.shards().size(),
          bytes.values().stream().mapToLong(Long::longValue).sum(),
          bytes,
          config.kvElementsPerToken() * KV_ELEMENT_BYTES);
    }
  }

  /** Parameters if a MoE layer had {@code experts} routed experts. */
  private static long parameters(ModelConfig config, int experts) {
    long hidden = config.hiddenSize();
    long queries = (long) config.queryHeads() * config.headDimension();
    long keys = (long) config.kvHeads() * config.headDimension();
    long attention = 2 * hidden * (queries + keys);
    long norms = 2 * hidden;
    int denseWidth =
        config.family() == ModelConfig.Family.LLAMA4 ? config.denseWidth() : config.expertWidth();
    long dense = 3 * hidden * denseWidth;
    long moe = hidden * config.experts() + 3 * hidden * config.expertWidth() * (experts + 1L);
    long moeLayers = config.moeLayers();
    long denseLayers = config.layers().size() - moeLayers;
    long tables = config.vocabulary() * hidden * (config.tiedEmbeddings() ? 1 : 2);
    return tables
        + hidden
        + config.layers().size() * (attention + norms)
        + denseLayers * dense
        + moeLayers * moe;
  }
}
