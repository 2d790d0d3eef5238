package dev.millrace.engine.model;

import dev.millrace.engine.backend.AttentionSpec;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.KvCache;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.backend.Vector;
import dev.millrace.engine.checkpoint.DecoderLayer;
import dev.millrace.engine.checkpoint.DecoderLayer.FeedForwardSource;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.checkpoint.ModelWeights;
import java.util.ArrayList;
import java.util.List;

/**
 * A decoder of pre-norm blocks: Llama 4 (dense or mixture of experts) and Llama 3. Owns the backend
 * it was loaded into and borrows the weights: close the model first. Memory is allocated once, when
 * it is loaded. Owned by the engine thread.
 */
public final class DecoderModel implements ForwardPass {

  private final ModelConfig config;
  private final ComputeBackend backend;
  private final Matrix embedding;
  private final List<LayerPlan> layers;
  private final Vector finalNorm;
  private final Matrix head;
  private final Rows hidden;
  private final Rows normed;
  private final Rows qkv;
  private final Rows attended;
  private final KvCache cache;
  private final StepCheck check;

  private DecoderModel(ModelWeights weights, ComputeBackend backend, ModelLimits limits) {
    this.config = weights.config();
    this.backend = backend;
    embedding = backend.embedding(weights.embedding());
    layers = layers(weights, backend);
    finalNorm = backend.vector(weights.finalNorm());
    head = backend.matrix(List.of(weights.head()));
    int rowsMax = limits.stepRowsMax();
    int queries = config.queryHeads() * config.headDimension();
    int keys = config.kvHeads() * config.headDimension();
    hidden = backend.rows(rowsMax, config.hiddenSize());
    normed = backend.rows(rowsMax, config.hiddenSize());
    qkv = backend.rows(rowsMax, queries + 2 * keys);
    attended = backend.rows(rowsMax, queries);
    cache = backend.kvCache(KvSizing.choose(config, backend, limits));
    check = new StepCheck(rowsMax, config.vocabulary(), config.contextTokens(), cache.shape());
  }

  /**
   * Packs weights into a backend and allocates everything a step needs.
   *
   * @param weights stay open as long as the model
   * @param backend fresh; the model's from now on, closed even if loading fails
   * @throws dev.millrace.engine.EngineException if the keys and values do not fit
   */
  public static DecoderModel load(
      ModelWeights weights, ComputeBackend backend, ModelLimits limits) {
    try {
      return new DecoderModel(weights, backend, limits);
    } catch (RuntimeException | Error e) {
      backend.close();
      throw e;
    }
  }

  private static List<LayerPlan> layers(ModelWeights weights, ComputeBackend backend) {
    List<LayerPlan> plans = new ArrayList<>();
    for (int i = 0; i < weights.config().layers().size(); i++) {
      DecoderLayer layer = weights.layer(i);
      plans.add(
          new LayerPlan(
              layer.config().attention(),
              backend.vector(layer.inputNorm()),
              backend.matrix(List.of(layer.query(), layer.key(), layer.value())),
              backend.matrix(List.of(layer.output())),
              backend.vector(layer.feedForwardNorm()),
              block(layer.feedForward(), backend)));
    }
    return List.copyOf(plans);
  }

  private static LayerPlan.Block block(FeedForwardSource source, ComputeBackend backend) {
    return switch (source) {
      case FeedForwardSource.Dense(var gate, var up, var down) ->
          new LayerPlan.Block.Dense(backend.feedForward(gate, up, down));
      case FeedForwardSource.Moe(var moe) -> new LayerPlan.Block.Moe(backend.moe(moe));
    };
  }

  @Override
  public Logits forward(StepLayout layout, int[] logitRows) {
    check.layout(layout);
    check.logitRows(logitRows, layout.rows());
    backend.begin(layout);
    backend.embed(embedding, hidden);
    for (int i = 0; i < layers.size(); i++) {
      layer(layers.get(i), i);
    }
    return logitRows.length == 0
        ? new NoLogits(config.vocabulary())
        : backend.logits(hidden, finalNorm, config.normEpsilon(), head, logitRows);
  }

  private void layer(LayerPlan plan, int index) {
    AttentionSpec attention = plan.attention();
    backend.norm(hidden, plan.inputNorm(), config.normEpsilon(), normed);
    backend.project(normed, plan.qkv(), qkv);
    backend.rotateAndStore(qkv, attention, cache, index);
    backend.attend(qkv, attention, cache, index, attended);
    backend.projectAdd(attended, plan.output(), hidden);
    backend.norm(hidden, plan.feedForwardNorm(), config.normEpsilon(), normed);
    switch (plan.block()) {
      case LayerPlan.Block.Dense(var weights) -> backend.feedForward(normed, weights, hidden);
      case LayerPlan.Block.Moe(var weights) -> backend.moe(normed, weights, hidden);
    }
  }

  @Override
  public void copyBlocks(int[] from, int[] to) {
    check.copy(from, to);
    if (from.length > 0) {
      backend.copyBlocks(cache, from, to);
    }
  }

  @Override
  public int vocabulary() {
    return config.vocabulary();
  }

  @Override
  public int stepRowsMax() {
    return hidden.rowsMax();
  }

  @Override
  public KvShape kv() {
    return cache.shape();
  }

  @Override
  public BackendInfo backend() {
    return backend.info();
  }

  @Override
  public int contextTokens() {
    return config.contextTokens();
  }

  /** Closes the backend. Idempotent. */
  @Override
  public void close() {
    backend.close();
  }
}
