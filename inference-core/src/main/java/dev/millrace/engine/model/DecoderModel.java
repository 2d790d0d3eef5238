package dev.millrace.engine.model;

import dev.millrace.engine.backend.AttentionSpec;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.KvCache;
import dev.millrace.engine.backend.KvDemand;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.checkpoint.ModelWeights;

/**
 * A decoder of pre-norm blocks: Llama 4 (dense or mixture of experts) and Llama 3. Owns the backend
 * it was loaded into and borrows the weights: close the model first. Memory is allocated once, when
 * it is loaded. Owned by the engine thread.
 */
public final class DecoderModel implements ForwardPass {

  private final ModelConfig config;
  private final ComputeBackend backend;
  private final ModelParts parts;
  private final KvCache cache;
  private final StepCheck check;

  private DecoderModel(ModelWeights weights, ComputeBackend backend, ModelLimits limits) {
    this.config = weights.config();
    this.backend = backend;
    int rowsMax = limits.stepRowsMax();
    KvDemand demand = KvSizing.demand(config, backend, limits);
    ModelParts.Sources sources = ModelParts.Sources.of(weights, rowsMax);
    backend.requireRoom(sources::loadInto, demand);
    parts = sources.loadInto(backend);
    cache = backend.kvCache(KvSizing.choose(demand, config, backend, limits));
    check = new StepCheck(rowsMax, config.vocabulary(), config.contextTokens(), cache.shape());
  }

  /**
   * Packs weights into a backend and allocates everything a step needs.
   *
   * @param weights stay open as long as the model
   * @param backend fresh; the model's from now on, closed even if loading fails
   * @throws dev.millrace.engine.EngineException if the keys and values do not fit
   * @throws dev.millrace.engine.backend.BackendException if the device fails or is too small
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

  @Override
  public Logits forward(StepLayout layout, int[] logitRows) {
    check.layout(layout);
    check.logitRows(logitRows, layout.rows());
    backend.begin(layout);
    backend.embed(parts.embedding(), parts.hidden());
    for (int i = 0; i < parts.layers().size(); i++) {
      layer(parts.layers().get(i), i);
    }
    return logitRows.length == 0
        ? new NoLogits(config.vocabulary())
        : backend.logits(
            parts.hidden(), parts.finalNorm(), config.normEpsilon(), parts.head(), logitRows);
  }

  private void layer(LayerPlan plan, int index) {
    AttentionSpec attention = plan.attention();
    Rows hidden = parts.hidden();
    Rows normed = parts.normed();
    Rows qkv = parts.qkv();
    Rows attended = parts.attended();
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
    return parts.hidden().rowsMax();
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
