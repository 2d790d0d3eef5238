package dev.millrace.engine.backend;

import dev.millrace.engine.tensor.Tensor;
import java.util.List;

/**
 * What a model is loaded into: the load-time half of {@link ComputeBackend}, whose letters and
 * rules hold. Also implemented by what only counts, so that a model's memory is known before its
 * first byte is read.
 */
public interface LoadTarget {

  /**
   * Packs the weight of a linear layer. Several sources are stacked by output rows (q, k, v).
   *
   * @param sources weights with equal input width
   */
  Matrix matrix(List<MatrixSource> sources);

  /**
   * Packs an embedding table [V, H]. A tied head is packed by {@link #matrix} from the same source;
   * sharing the memory is the backend's business.
   */
  Matrix embedding(MatrixSource table);

  /** Copies a norm weight [H], or one of a head [D]. */
  Vector vector(Tensor values);

  /** Packs a dense SwiGLU feed-forward block: gate and up [I, H], down [H, I]. */
  FeedForward feedForward(MatrixSource gate, MatrixSource up, MatrixSource down);

  /** Packs router [E, H], experts and the optional shared expert of a MoE layer. */
  MoeWeights moe(MoeSource source);

  /** Allocates activations for up to {@code rowsMax} rows, once, at start. */
  Rows rows(int rowsMax, int width);
}
