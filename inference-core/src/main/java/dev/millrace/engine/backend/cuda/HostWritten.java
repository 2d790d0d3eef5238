package dev.millrace.engine.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A device buffer that the host writes again for every step. The host fills one of two page-locked
 * copies, so it need not wait for the step before. Grows when a step needs more; the address then
 * changes. Owned by the engine thread.
 */
final class HostWritten implements CudaContext.Resource {

  private static final int COPIES = 2;

  private final CudaStream stream;
  private final List<CudaEvent> sent = new ArrayList<>();
  private final List<PinnedBuffer> copies = new ArrayList<>();
  private long bytes;
  private long address;
  private int current;

  /**
   * Allocates.
   *
   * @param stream that the buffer is sent on and read on; borrowed
   * @param bytes what most steps need
   */
  HostWritten(CudaStream stream, long bytes) {
    this.stream = stream;
    for (int i = 0; i < COPIES; i++) {
      sent.add(new CudaEvent());
    }
    allocate(bytes);
  }

  private void allocate(long wanted) {
    for (int i = 0; i < COPIES; i++) {
      copies.add(new PinnedBuffer(wanted));
    }
    address = Driver.allocate(wanted);
    bytes = wanted;
  }

  private void free() {
    copies.forEach(PinnedBuffer::close);
    copies.clear();
    Driver.free(address);
  }

  /** Memory to be filled, at least {@code wanted} bytes; its content is of an earlier step. */
  MemorySegment begin(long wanted) {
    if (wanted > bytes) {
      stream.await();
      free();
      allocate(2 * wanted);
    }
    current = (current + 1) % COPIES;
    sent.get(current).await();
    return copies.get(current).memory();
  }

  /** Sends the first bytes of what {@link #begin} gave. */
  void send(long count) {
    stream.copyIn(address, copies.get(current).memory(), count);
    sent.get(current).record(stream);
  }

  /** Fills and sends. */
  void send(int[] words) {
    long count = (long) words.length * Integer.BYTES;
    MemorySegment.copy(words, 0, begin(count), ValueLayout.JAVA_INT, 0, words.length);
    send(count);
  }

  /** Where kernels find it; 16-byte aligned at least. */
  long address() {
    return address;
  }

  @Override
  public void close() {
    free();
    sent.forEach(CudaEvent::close);
  }
}
