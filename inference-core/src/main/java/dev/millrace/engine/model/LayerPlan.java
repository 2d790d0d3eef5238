package dev.millrace.engine.model;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.backend.FeedForward;
import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MoeWeights;
import dev.millrace.engine.backend.Vector;
import java.util.List;

/**
 * One layer: what differs between layers and families, with the weights on the device. The weights
 * belong to the backend.
 *
 * @param attention how it attends
 * @param inputNorm [H], before attention
 * @param qkv [(Q + 2K) * D, H]
 * @param headNorms weights [D] of the norms of q and of k where they are learnt, else none
 * @param output [H, Q * D]
 * @param feedForwardNorm [H], before the feed-forward block
 * @param block the feed-forward block
 */
record LayerPlan(
    AttentionSpec attention,
    Vector inputNorm,
    Matrix qkv,
    List<Vector> headNorms,
    Matrix output,
    Vector feedForwardNorm,
    Block block) {

  /** The feed-forward block. */
  sealed interface Block {
    /** One SwiGLU block for every token. */
    record Dense(FeedForward weights) implements Block {}

    /** A mixture of experts. */
    record Moe(MoeWeights weights) implements Block {}
  }
}
