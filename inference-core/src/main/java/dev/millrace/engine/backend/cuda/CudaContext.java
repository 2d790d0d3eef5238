package dev.millrace.engine.backend.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import jcuda.driver.CUcontext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process's share of a GPU and everything opened in it, or a scope in it: one model's part.
 * What it owns is closed with it, the youngest first. Owned by one thread at a time; a new owner
 * calls {@link #bind} first.
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
  private final @Nullable CudaContext outer;
  private final Resource inOuter = this::close;
  private final Deque<Resource> owned = new ArrayDeque<>();
  private long boundThread;
  private boolean closed;

  private CudaContext(Device device, CUcontext handle, @Nullable CudaContext outer) {
    this.device = device;
    this.handle = handle;
    this.outer = outer;
    this.boundThread = Thread.currentThread().threadId();
  }

  /** Opens a context on a GPU and binds it to this thread. */
  static CudaContext open(Device device) {
    return new CudaContext(device, Driver.createContext(Driver.device(device.ordinal())), null);
  }

  /** A part of this context whose resources are closed by themselves, or with the whole. */
  CudaContext scope() {
    bind();
    CudaContext scope = new CudaContext(device, handle, this);
    own(scope.inOuter);
    return scope;
  }

  Device device() {
    return device;
  }

  /** Lets the calling thread use the context; costs nothing if it did so last. */
  void bind() {
    if (closed) {
      throw new IllegalStateException("the context on %s is closed".formatted(device.name()));
    }
    if (outer != null) {
      outer.bind();
      return;
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
    if (outer == null || !outer.closed) {
      bindAnew();
    }
    closed = true;
    while (!owned.isEmpty()) {
      owned.pop().close();
    }
    if (outer == null) {
      Driver.destroy(handle);
    } else {
      outer.owned.remove(inOuter);
    }
  }

  /** Another context may have become current meanwhile. */
  private void bindAnew() {
    CudaContext whole = outer == null ? this : outer;
    whole.boundThread = 0;
    try {
      whole.bind();
    } catch (CudaError e) {
      LOG.warn("while closing the cuda backend: {}", e.getMessage());
    }
  }
}
