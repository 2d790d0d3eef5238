package dev.millrace.engine.checkpoint;

import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.tensor.Tensor;

/**
 * The weights of one layer, in the layout of the file, with shapes that fit the configuration.
 *
 * @param spec what is particular to this layer
 * @param inputNorm [H], before attention
 * @param query [Q * D, H]
 * @param key [K * D, H]
 * @param value [K * D, H]
 * @param output [H, Q * D]
 * @param feedForwardNorm [H], before the feed-forward block
 * @param feedForward dense or a mixture of experts
 */
public record DecoderLayer(
    LayerSpec spec,
    Tensor inputNorm,
    MatrixSource query,
    MatrixSource key,
    MatrixSource value,
    MatrixSource output,
    Tensor feedForwardNorm,
    FeedForwardSource feedForward) {

  /** The two kinds of feed-forward block. */
  public sealed interface FeedForwardSource {

    /**
     * One SwiGLU block.
     *
     * @param gate [I, H]
     * @param up [I, H]
     * @param down [H, I]
     */
    record Dense(MatrixSource gate, MatrixSource up, MatrixSource down)
        implements FeedForwardSource {}

    /** Routed experts, and perhaps a shared one. */
    record Moe(MoeSource source) implements FeedForwardSource {}
  }
}
