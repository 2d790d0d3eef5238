package dev.millrace.engine;

import dev.millrace.engine.request.InferenceRequest;

/**
 * Runs requests through one model on one device. Thread-safe.
 *
 * <p>Opened by {@link EngineFactory#open}; closed last, after everything that submits to it.
 */
public interface InferenceEngine extends AutoCloseable {

  /** The loaded model: names, limits, tokenizer, digest, backend. */
  ModelInfo model();

  /**
   * Accepts a request. Never blocks and never throws for load: a request that can never fit, or
   * that finds the queue full, is answered through the listener at once, on the calling thread.
   *
   * @return a handle that cancels this request
   */
  RequestHandle submit(InferenceRequest request, RequestListener listener);

  /** Cancels every unfinished request of {@code owner} (compared by identity). */
  void cancelAll(Object owner);

  /** Counts of this moment. */
  EngineStatus status();

  /**
   * Fails what is unfinished with {@link BranchResult.Reason#ENGINE_CLOSED}, stops the engine
   * thread, frees the device. Waits for the step that is running, except when a listener calls it.
   * Idempotent.
   */
  @Override
  void close();
}
