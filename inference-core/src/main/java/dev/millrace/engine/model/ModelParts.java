package dev.millrace.engine.model;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.backend.LoadTarget;
import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.Vector;
import dev.millrace.engine.checkpoint.DecoderLayer;
import dev.millrace.engine.checkpoint.DecoderLayer.FeedForwardSource;
import dev.millrace.engine.checkpoint.ModelWeights;
import java.util.ArrayList;
import java.util.List;

/**
 * What a decoder has on the device: weights, and activations for one step. All of it belongs to the
 * backend.
 *
 * @param embedding table [V, H]
 * @param layers in order
 * @param finalNorm [H]
 * @param head [V, H]
 * @param hidden the residual stream [T, H]
 * @param normed [T, H]
 * @param qkv [T, (Q + 2K) * D]
 * @param attended [T, Q * D]
 */
record ModelParts(
    Matrix embedding,
    List<LayerPlan> layers,
    Vector finalNorm,
    Matrix head,
    Rows hidden,
    Rows normed,
    Rows qkv,
    Rows attended) {

  /**
   * The makings of the parts, which can be loaded more than once: into what counts bytes, and into
   * what keeps them.
   *
   * @param weights of everything but the layers
   * @param layers each asked for once, for it may be made then
   * @param rowsMax most rows of a step
   */
  record Sources(ModelWeights weights, List<DecoderLayer> layers, int rowsMax) {

    static Sources of(ModelWeights weights, int rowsMax) {
      List<DecoderLayer> layers = new ArrayList<>();
      for (int i = 0; i < weights.config().architecture().layers().size(); i++) {
        layers.add(weights.layer(i));
      }
      return new Sources(weights, List.copyOf(layers), rowsMax);
    }

    /** Makes every load-time call of a model. */
    ModelParts loadInto(LoadTarget target) {
      Architecture architecture = weights.config().architecture();
      AttentionSpec attention = architecture.layers().getFirst().attention();
      return new ModelParts(
          target.embedding(weights.embedding()),
          layers.stream().map(layer -> plan(layer, target)).toList(),
          target.vector(weights.finalNorm()),
          target.matrix(List.of(weights.head())),
          target.rows(rowsMax, architecture.hiddenSize()),
          target.rows(rowsMax, architecture.hiddenSize()),
          target.rows(rowsMax, attention.qkvWidth()),
          target.rows(rowsMax, attention.queryWidth()));
    }

    private static LayerPlan plan(DecoderLayer layer, LoadTarget target) {
      return new LayerPlan(
          layer.spec().attention(),
          target.vector(layer.inputNorm()),
          target.matrix(List.of(layer.query(), layer.key(), layer.value())),
          layer.headNorms().stream().map(target::vector).toList(),
          target.matrix(List.of(layer.output())),
          target.vector(layer.feedForwardNorm()),
          block(layer.feedForward(), target));
    }

    private static LayerPlan.Block block(FeedForwardSource source, LoadTarget target) {
      return switch (source) {
        case FeedForwardSource.Dense(var gate, var up, var down) ->
            new LayerPlan.Block.Dense(target.feedForward(gate, up, down));
        case FeedForwardSource.Moe(var moe) -> new LayerPlan.Block.Moe(target.moe(moe));
      };
    }
  }
}
