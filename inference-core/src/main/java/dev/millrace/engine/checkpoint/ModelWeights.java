package dev.millrace.engine.checkpoint;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Tensor;

/**
 * Everything a decoder is made of, in the layout of a checkpoint. What it hands out are views that
 * die with it.
 */
public interface ModelWeights extends AutoCloseable {

  /** Extents and rules. */
  ModelConfig config();

  /** Embedding table [V, H]. */
  MatrixSource embedding();

  /** Output projection [V, H]; the very same object as {@link #embedding()} when tied. */
  MatrixSource head();

  /** Weight of the last norm [H]. */
  Tensor finalNorm();

  /** Weights of layer {@code index}. */
  DecoderLayer layer(int index);

  /** Element type of most of the weights: F32, F16, or BF16, which stands for narrower ones too. */
  DType weightType();

  /** Frees the views. Idempotent. */
  @Override
  void close();
}
