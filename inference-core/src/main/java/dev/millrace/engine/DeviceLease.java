package dev.millrace.engine;

import java.util.List;

/**
 * One user's hold on a device and on the models it asked for. Several users in a process hold the
 * same device: a model is loaded once, and closed with the last lease that names it; so is the
 * device. Thread-safe.
 *
 * <p>Opened by {@link EngineFactory#lease}; closed after everything that submits to its engines.
 */
public interface DeviceLease extends AutoCloseable {

  /** Names of the models, in the order in which they were asked for. */
  List<String> names();

  /**
   * The engine of a model. Closing it ends this user's requests to it; the model stays until the
   * lease is closed.
   *
   * @throws IllegalArgumentException if this lease has no such model
   */
  InferenceEngine engine(String name);

  /**
   * Ends this user's requests with {@link BranchResult.Reason#ENGINE_CLOSED} and gives the models
   * back. Idempotent.
   *
   * @throws IllegalStateException if a listener calls it: the engine thread cannot wait for itself
   */
  @Override
  void close();
}
