package dev.millrace.engine.inspect;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.FeedForwardSpec.Dense;
import dev.millrace.engine.architecture.FeedForwardSpec.Mixture;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.checkpoint.ModelConfig;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;

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
 * @param sharedExpert whether there is one more that computes every token
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
    boolean sharedExpert,
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
   * The digest under which a model is known in records and metrics: SHA-256 over its configuration,
   * tokenizer and weights. Reads every byte.
   *
   * @param progress told the number of bytes read so far, from several threads
   */
  public static String digest(Path directory, LongConsumer progress) {
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      return checkpoint.digest(progress);
    }
  }

  /**
   * Reads a directory's configuration and the headers of its weights.
   *
   * @throws EngineException if one of them is missing or malformed, or if the weights are in a
   *     layout that cannot be loaded
   */
  public static ModelSummary of(Path directory) {
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      ModelConfig config = checkpoint.config();
      Architecture architecture = config.architecture();
      List<Mixture> mixtures = architecture.mixtures().toList();
      Map<String, Long> bytes = checkpoint.bytesByType();
      return new ModelSummary(
          directory.toAbsolutePath().normalize().getFileName().toString(),
          architecture.name(),
          config.quantisation(),
          architecture.layers().size(),
          mixtures.size(),
          mixtures.stream().mapToInt(Mixture::experts).max().orElse(0),
          mixtures.stream().mapToInt(Mixture::topK).max().orElse(0),
          mixtures.stream().anyMatch(Mixture::shared),
          architecture.hiddenSize(),
          architecture.queryHeads(),
          architecture.kvHeads(),
          architecture.headDimension(),
          architecture.vocabulary(),
          architecture.contextTokens(),
          parameters(architecture, false),
          parameters(architecture, true),
          checkpoint.files().size(),
          bytes.values().stream().mapToLong(Long::longValue).sum(),
          bytes,
          architecture.kvElementsPerToken() * KV_ELEMENT_BYTES);
    }
  }

  /** Parameters of all experts, or of those alone that compute one token. */
  private static long parameters(Architecture architecture, boolean active) {
    long hidden = architecture.hiddenSize();
    long sum =
        hidden + architecture.vocabulary() * hidden * (architecture.tiedEmbeddings() ? 1 : 2);
    for (LayerSpec layer : architecture.layers()) {
      AttentionSpec attention = layer.attention();
      sum += hidden * (attention.queryWidth() + attention.qkvWidth()) + 2 * hidden;
      sum += attention.headNorm() instanceof HeadNorm.Learnt ? 2L * attention.headDimension() : 0;
      sum +=
          switch (layer.feedForward()) {
            case Dense(int width) -> 3 * hidden * width;
            case Mixture mixture -> {
              long experts = active ? mixture.topK() : mixture.experts();
              long widths = experts * mixture.width() + mixture.sharedWidth();
              yield hidden * mixture.experts() + 3 * hidden * widths;
            }
          };
    }
    return sum;
  }
}
