package dev.millrace.engine.checkpoint;

import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.tensor.Tensor;
import java.util.List;

/**
 * The weights of one layer, in the layout of the file, with shapes that fit the configuration.
 *
 * @param spec what is particular to this layer
 * @param inputNorm [H], before attention
 * @param query [Q * D, H]
 * @param key [K * D, H]
 * @param value [K * D, H]
 * @param headNorms weights [D] of the norms of q and of k where they are learnt, else none
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
    List<Tensor> headNorms,
    MatrixSource output,
    Tensor feedForwardNorm,
    FeedForwardSource feedForward) {

  /** Copies the list. */
  public DecoderLayer {
    headNorms = List.copyOf(headNorms);
  }

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
