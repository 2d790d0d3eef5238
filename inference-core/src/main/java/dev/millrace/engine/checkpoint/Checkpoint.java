package dev.millrace.engine.checkpoint;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.gguf.GgufFile;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * A model directory, or a GGUF file, whose every tensor is there and has the shape its
 * configuration asks for. What it hands out are views of mapped files that die with it.
 * Thread-safe.
 */
public final class Checkpoint implements ModelWeights {

  private final WeightFiles files;
  private final ModelConfig config;
  private final MatrixSource embedding;
  private final Tensor finalNorm;
  private final MatrixSource head;
  private final List<DecoderLayer> layers;

  private Checkpoint(WeightFiles files) {
    DecoderTensors tensors = new DecoderTensors(files);
    this.files = files;
    this.embedding = tensors.embedding();
    this.finalNorm = tensors.finalNorm();
    boolean tied = files.config().architecture().tiedEmbeddings() && !tensors.hasOtherHead();
    this.config =
        tied
            ? files.config()
            : files.config().withArchitecture(files.config().architecture().untied());
    this.head = tied ? embedding : tensors.head();
    this.layers = tensors.layers();
  }

  /**
   * Opens and checks a model directory, {@code config.json} and safetensors in one file or in
   * shards, or a GGUF file.
   *
   * @param path of the directory or of the (first) file
   * @throws CheckpointException naming file, tensor or key, found and expected
   * @throws dev.millrace.engine.gguf.GgufException likewise, about a GGUF file
   */
  public static Checkpoint open(Path path) {
    WeightFiles files = GgufFile.isNamed(path) ? GgufWeights.open(path) : ModelFiles.open(path);
    try {
      return new Checkpoint(files);
    } catch (RuntimeException | Error e) {
      files.close();
      throw e;
    }
  }

  /** Where it lies. */
  public Path directory() {
    return files.path();
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  /** Names of the weight files, ascending. */
  public List<String> files() {
    return files.files();
  }

  /** Bytes of all tensors by the name of their element type, those of other parts included. */
  public Map<String, Long> bytesByType() {
    return files.bytesByType();
  }

  /** Values that take more memory than they have bytes in the files: backends widen them. */
  public long widenedElements() {
    return files.widenedElements();
  }

  @Override
  public MatrixSource embedding() {
    return embedding;
  }

  @Override
  public MatrixSource head() {
    return head;
  }

  @Override
  public Tensor finalNorm() {
    return finalNorm;
  }

  @Override
  public DecoderLayer layer(int index) {
    return layers.get(index);
  }

  @Override
  public DType weightType() {
    Map<String, Long> bytes = files.bytesByType();
    long wide = bytes.getOrDefault(DType.F32.name(), 0L);
    long half = bytes.getOrDefault(DType.F16.name(), 0L);
    long rest = bytes.values().stream().mapToLong(Long::longValue).sum() - wide - half;
    if (rest >= Math.max(wide, half)) {
      return DType.BF16;
    }
    return wide >= half ? DType.F32 : DType.F16;
  }

  /**
   * SHA-256 that identifies the model, in hexadecimal: that of what {@code sha256sum} prints for
   * its files in ascending order of names (weights, configuration, tokenizer, chat template). The
   * same weights in other shards give another digest. Reads every byte.
   *
   * @param progress told the number of bytes read so far, from several threads
   */
  public String digest(LongConsumer progress) {
    return files.digest(progress);
  }

  /** Unmaps the weights. Idempotent. */
  @Override
  public void close() {
    files.close();
  }
}
