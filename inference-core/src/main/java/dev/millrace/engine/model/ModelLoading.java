package dev.millrace.engine.model;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.KvDemand;
import dev.millrace.engine.checkpoint.ModelWeights;
import org.jspecify.annotations.Nullable;

/**
 * A model on its way into a backend, step by step, so that several models can share a device: all
 * are counted, then all are loaded, then what is left is divided as keys and values. Owned by the
 * engine thread.
 */
public final class ModelLoading implements AutoCloseable {
  private final Architecture architecture;
  private final ComputeBackend backend;
  private final ModelLimits limits;
  private final KvDemand demand;
  private final ModelParts.Sources sources;
  private @Nullable ModelParts parts;

  /**
   * Prepares a model.
   *
   * @param weights stay open as long as the model
   * @param backend fresh; this object's from now on, closed even if this fails
   * @throws dev.millrace.engine.EngineException if an explicit budget has no room for one block
   */
  public ModelLoading(ModelWeights weights, ComputeBackend backend, ModelLimits limits) {
    this.architecture = weights.config().architecture();
    this.backend = backend;
    this.limits = limits;
    try {
      demand = KvSizing.demand(architecture, backend, limits);
      sources = ModelParts.Sources.of(weights, limits.stepRowsMax());
    } catch (RuntimeException | Error e) {
      backend.close();
      throw e;
    }
  }

  /** Bytes of device memory it will take; 0 where memory is the operating system's business. */
  public long bytesNeeded() {
    return backend.bytesNeeded(sources::loadInto, demand);
  }

  /**
   * Packs the weights and allocates the activations.
   *
   * @param beside free bytes that other models of this device have still to take
   * @throws dev.millrace.engine.backend.BackendException if the device fails or is too small
   */
  public void load(long beside) {
    backend.requireRoom(sources::loadInto, demand, beside);
    parts = sources.loadInto(backend);
  }

  /** Whether its keys and values have a budget of their own, and take no part in a division. */
  public boolean hasKvBudget() {
    return demand.blocks() > 0;
  }

  /** Most bytes of keys and values that it can use. */
  public long kvBytesMax() {
    return KvSizing.bytesMax(demand, architecture, backend, limits);
  }

  /** Bytes that the backend finds prudent for keys and values, now that the weights are loaded. */
  public long kvBytesAvailable() {
    return backend.kvBytesAvailable();
  }

  /** Bytes that its first step will take. */
  public long workBytesToCome() {
    return backend.workBytesToCome();
  }

  /**
   * Allocates keys and values. The model owns the backend from now on.
   *
   * @param kvBytes for keys and values, if they have no budget of their own
   * @throws dev.millrace.engine.EngineException if not one block fits
   * @throws dev.millrace.engine.backend.BackendException if the device fails or is too small
   */
  public DecoderModel complete(long kvBytes) {
    if (parts == null) {
      throw new IllegalStateException("a model is completed after its weights are loaded");
    }
    KvLayout layout =
        KvLayout.of(
            KvSizing.choose(demand, architecture, backend, limits, kvBytes), architecture, limits);
    ModelCaches caches = ModelCaches.allocate(layout, architecture, backend);
    return new DecoderModel(architecture, backend, parts, caches, limits.stepRowsMax());
  }

  /** Gives up; closes the backend. */
  @Override
  public void close() {
    backend.close();
  }
}
