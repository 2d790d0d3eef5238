package dev.millrace.engine.model;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.KvCache;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.checkpoint.ModelWeights;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A decoder of pre-norm blocks, whatever its {@link Architecture} says. Owns the backend it was
 * loaded into and borrows the weights: close the model first. Memory is allocated once, when it is
 * loaded. Owned by the engine thread.
 */
public final class DecoderModel implements ForwardPass {

  private final Architecture architecture;
  private final ComputeBackend backend;
  private final ModelParts parts;
  private final ModelCaches caches;
  private final StepCheck check;

  DecoderModel(
      Architecture architecture,
      ComputeBackend backend,
      ModelParts parts,
      ModelCaches caches,
      int rowsMax) {
    this.architecture = architecture;
    this.backend = backend;
    this.parts = parts;
    this.caches = caches;
    check =
        new StepCheck(
            rowsMax, architecture.vocabulary(), architecture.contextTokens(), caches.layout());
  }

  /**
   * Packs weights into a backend that has its device for itself, and allocates everything a step
   * needs.
   *
   * @param weights stay open as long as the model
   * @param backend fresh; the model's from now on, closed even if loading fails
   * @throws dev.millrace.engine.EngineException if the keys and values do not fit
   * @throws dev.millrace.engine.backend.BackendException if the device fails or is too small
   */
  public static DecoderModel load(
      ModelWeights weights, ComputeBackend backend, ModelLimits limits) {
    ModelLoading loading = new ModelLoading(weights, backend, limits);
    try {
      loading.load(0);
      return loading.complete(loading.hasKvBudget() ? 0 : loading.kvBytesAvailable());
    } catch (RuntimeException | Error e) {
      loading.close();
      throw e;
    }
  }

  @Override
  public Logits forward(StepLayout layout, int[] logitRows) {
    check.layout(layout);
    check.logitRows(logitRows, layout.rows());
    backend.begin(layout);
    backend.embed(parts.embedding(), parts.hidden());
    int last = parts.layers().size() - 1;
    for (int i = 0; i < last; i++) {
      norm(i);
      backend.project(parts.normed(), parts.layers().get(i).qkv(), parts.qkv());
      store(i);
      mix(i);
    }
    // In the last layer, all of a row but its keys and values matters only if its logits are
    // wanted.
    norm(last);
    LayerPlan plan = parts.layers().get(last);
    backend.projectSome(
        parts.normed(), plan.qkv(), parts.qkv(), plan.attention().queryWidth(), logitRows);
    store(last);
    if (logitRows.length == 0) {
      return new NoLogits(architecture.vocabulary());
    }
    int[] rows = logitRows;
    if (rows.length < layout.rows()) {
      backend.keep(logitRows, parts.hidden(), parts.qkv());
      rows = IntStream.range(0, logitRows.length).toArray();
    }
    mix(last);
    return backend.logits(
        parts.hidden(), parts.finalNorm(), architecture.normEpsilon(), parts.head(), rows);
  }

  private void norm(int index) {
    LayerPlan plan = parts.layers().get(index);
    backend.norm(parts.hidden(), plan.inputNorm(), architecture.normEpsilon(), parts.normed());
  }

  private void store(int index) {
    LayerPlan plan = parts.layers().get(index);
    ModelCaches.Place place = caches.places().get(index);
    backend.rotateAndStore(
        parts.qkv(), plan.attention(), plan.headNorms(), place.cache(), place.layer());
  }

  /** A layer from its keys and values on. */
  private void mix(int index) {
    LayerPlan plan = parts.layers().get(index);
    Rows hidden = parts.hidden();
    Rows normed = parts.normed();
    ModelCaches.Place place = caches.places().get(index);
    backend.attend(parts.qkv(), plan.attention(), place.cache(), place.layer(), parts.attended());
    backend.projectAdd(parts.attended(), plan.output(), hidden);
    backend.norm(hidden, plan.feedForwardNorm(), architecture.normEpsilon(), normed);
    switch (plan.block()) {
      case LayerPlan.Block.Dense(var weights) -> backend.feedForward(normed, weights, hidden);
      case LayerPlan.Block.Moe(var weights) -> backend.moe(normed, weights, hidden);
    }
  }

  @Override
  public void copyBlocks(int[] from, int[] to) {
    check.copy(from, to, caches.layout().full());
    if (from.length > 0) {
      backend.copyBlocks(caches.full(), from, to);
    }
  }

  @Override
  public void copyLocalBlocks(int[] from, int[] to) {
    KvCache local = caches.local().orElseThrow();
    check.copy(from, to, local.shape());
    if (from.length > 0) {
      backend.copyBlocks(local, from, to);
    }
  }

  @Override
  public int vocabulary() {
    return architecture.vocabulary();
  }

  @Override
  public int stepRowsMax() {
    return parts.hidden().rowsMax();
  }

  @Override
  public KvShape kv() {
    return caches.layout().full();
  }

  @Override
  public Optional<LocalKv> localKv() {
    KvLayout layout = caches.layout();
    List<Visible> parts =
        architecture.layers().stream()
            .map(layer -> layer.attention().visible())
            .filter(visible -> !visible.equals(Visible.FULL))
            .distinct()
            .toList();
    return layout
        .local()
        .map(shape ->
            new LocalKv(
                shape, layout.localBlocksOfASequence(), position -> firstVisible(position, parts)));
  }

  /** Least position that any of these lets a token at a position see. */
  private static int firstVisible(int position, List<Visible> parts) {
    int first = position;
    for (Visible part : parts) {
      first = Math.min(first, part.first(position));
    }
    return first;
  }

  @Override
  public BackendInfo backend() {
    return backend.info();
  }

  @Override
  public int contextTokens() {
    return architecture.contextTokens();
  }

  @Override
  public long workBytesToCome() {
    return backend.workBytesToCome();
  }

  /** Closes the backend. Idempotent. */
  @Override
  public void close() {
    backend.close();
  }
}
