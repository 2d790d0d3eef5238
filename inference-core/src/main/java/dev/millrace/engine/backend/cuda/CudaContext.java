package dev.millrace.engine.backend.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import jcuda.driver.CUcontext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process's share of a GPU and everything opened in it. What it owns is closed with it, the
 * youngest first. Owned by one thread at a time; a new owner calls {@link #bind} first.
 */
final class CudaContext implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CudaContext.class);

  /** Something to close with the context. */
  interface Resource extends AutoCloseable {
    @Override
    void close();
  }

  private final Device device;
  private final CUcontext handle;
  private final Deque<Resource> owned = new ArrayDeque<>();
  private long boundThread;
  private boolean closed;

  private CudaContext(Device device, CUcontext handle) {
    this.device = device;
    this.handle = handle;
    this.boundThread = Thread.currentThread().threadId();
  }

  /** Opens a context on a GPU and binds it to this thread. */
  static CudaContext open(Device device) {
    return new CudaContext(device, Driver.createContext(Driver.device(device.ordinal())));
  }

  Device device() {
    return device;
  }

  /** Lets the calling thread use the context; costs nothing if it did so last. */
  void bind() {
    if (closed) {
      throw new IllegalStateException("the context on %s is closed".formatted(device.name()));
    }
    long thread = Thread.currentThread().threadId();
    if (boundThread != thread) {
      Driver.makeCurrent(handle);
      boundThread = thread;
    }
  }

  /** Takes over a resource, to be closed with the context. */
  <R extends Resource> R own(R resource) {
    owned.push(resource);
    return resource;
  }

  /** Waits for work whose results nobody wants any more, so that what it uses can be freed. */
  void finish(CudaStream stream) {
    try {
      bind();
      stream.await();
    } catch (CudaError e) {
      LOG.debug("unfinished work of a closed backend: {}", e.getMessage());
    }
  }

  /** Frees everything, as far as a lost device still allows. Idempotent. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    // another context may have become current meanwhile
    boundThread = 0;
    try {
      bind();
    } catch (CudaError e) {
      LOG.warn("while closing the cuda backend: {}", e.getMessage());
    }
    closed = true;
    while (!owned.isEmpty()) {
      owned.pop().close();
    }
    Driver.destroy(handle);
  }
}
