package dev.millrace.engine.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Locale;

/** Page-locked host memory, which the device copies from and to by itself. Owned by one thread. */
final class PinnedBuffer implements CudaContext.Resource {

  /** JCuda wraps what it allocates in a buffer, and those end at 2 GiB. */
  static final long BYTES_MAX = 1L << 30;

  private final MemorySegment memory;
  private boolean closed;

  /**
   * Allocates.
   *
   * @param bytes 1 to {@link #BYTES_MAX}
   */
  @SuppressWarnings("restricted") // gives the driver's memory its length
  PinnedBuffer(long bytes) {
    if (bytes < 1 || bytes > BYTES_MAX) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "a page-locked buffer has 1 to %d bytes, got %d", BYTES_MAX, bytes));
    }
    memory = MemorySegment.ofAddress(Driver.allocateHost(bytes)).reinterpret(bytes);
  }

  MemorySegment memory() {
    if (closed) {
      throw new IllegalStateException("this page-locked buffer is closed");
    }
    return memory;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Driver.freeHost(memory.address());
    }
  }
}
