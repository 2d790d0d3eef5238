package dev.millrace.engine.device;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.backend.ComputeDevice;

/**
 * A model on its way onto a device that it may share: first every model is counted, then every one
 * is loaded, then memory for keys and values is divided. Used by the engine thread alone; closed if
 * the model is given up before it is complete.
 */
interface ModelOpening extends AutoCloseable {

  /** Begins to open a model; called once, on the engine thread. */
  @FunctionalInterface
  interface Opener {
    /**
     * Opens what can be opened before memory is counted.
     *
     * @throws EngineException saying what is wrong and what to do
     */
    ModelOpening open(ComputeDevice device);
  }

  /** Bytes of device memory it will take; 0 where memory is the operating system's business. */
  long bytesNeeded();

  /**
   * Loads the weights.
   *
   * @param beside free bytes that other models of this device have still to take
   * @throws EngineException if the device fails or is too small
   */
  void load(long beside);

  /** Whether its keys and values have a budget of their own. */
  boolean hasKvBudget();

  /** Most bytes of keys and values that it can use. */
  long kvBytesMax();

  /** Bytes that its backend finds prudent for keys and values, now that the weights are loaded. */
  long kvBytesAvailable();

  /** Bytes that its first step will take. */
  long workBytesToCome();

  /**
   * Allocates keys and values. What this object held belongs to the model from now on.
   *
   * @param kvBytes for keys and values, if they have no budget of their own
   * @throws EngineException if they do not fit
   */
  LoadedModel complete(long kvBytes);

  @Override
  void close();
}
