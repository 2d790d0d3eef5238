package dev.millrace.engine.backend;

/**
 * What several models share: the compute threads of a processor, or a context on a GPU. Opened,
 * used and closed by one thread, the device's engine thread; so are the backends it makes.
 *
 * <p>The backends' results do not depend on each other: what one model computes is the same, bit
 * for bit, whoever else is on the device.
 */
public interface ComputeDevice extends AutoCloseable {

  /**
   * Makes a backend for one model. Closing it frees what the model took and leaves the device and
   * the other backends as they are.
   *
   * @param options of them {@code threads} does not count: the threads are the device's
   * @throws BackendException if the device cannot compute so
   */
  ComputeBackend backend(BackendOptions options);

  /** Closes what is still open of its backends, then the device. Idempotent. */
  @Override
  void close();
}
