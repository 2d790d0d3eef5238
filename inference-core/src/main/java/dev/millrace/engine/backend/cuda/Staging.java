package dev.millrace.engine.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Two pairs of a page-locked and a device buffer, used in turn: while the device copies and packs
 * one piece, the host reads the next one from its file. Owned by the engine thread.
 */
final class Staging implements CudaContext.Resource {

  /** Bytes of a piece: enough to hide the cost of a copy's start, little enough to hold twice. */
  static final long PIECE_BYTES = 16L << 20;

  private static final long LEAST_BYTES = 64L << 10;

  private final CudaStream stream;
  private final List<Slot> slots = new ArrayList<>(List.of(new Slot(), new Slot()));
  private int next;
  private boolean closed;

  /** Borrows the stream on which pieces are copied and packed. */
  Staging(CudaStream stream) {
    this.stream = stream;
  }

  /** One pair of buffers. */
  static final class Slot {
    private final CudaEvent done = new CudaEvent();
    private final List<PinnedBuffer> host = new ArrayList<>();
    private long bytes;
    private long device;

    private void resize(long wanted) {
      free();
      host.add(new PinnedBuffer(wanted));
      device = Driver.allocate(wanted);
      bytes = wanted;
    }

    private void free() {
      if (bytes > 0) {
        bytes = 0;
        host.removeFirst().close();
        Driver.free(device);
      }
    }

    MemorySegment host() {
      return host.getFirst().memory();
    }

    long device() {
      return device;
    }
  }

  private static long slotBytes(long bytes) {
    return Math.min(PIECE_BYTES, Math.max(LEAST_BYTES, Long.highestOneBit(bytes) * 2));
  }

  /** Device memory that is held, at most, while sources of at most so many bytes are loaded. */
  static long deviceBytes(long largestSource) {
    return 2 * slotBytes(Math.min(PIECE_BYTES, largestSource));
  }

  /** The next pair, no longer in use, with room for {@code bytes}, at most {@link #PIECE_BYTES}. */
  Slot slot(long bytes) {
    if (closed || bytes > PIECE_BYTES) {
      throw new IllegalStateException(
          closed
              ? "weights are loaded before the first step"
              : String.format(Locale.ROOT, "a piece has %d bytes", bytes));
    }
    Slot slot = slots.get(next);
    next = (next + 1) % slots.size();
    slot.done.await();
    if (slot.bytes < bytes) {
      slot.resize(slotBytes(bytes));
    }
    return slot;
  }

  /** Sends what was put into a pair's page-locked buffer. */
  void send(Slot slot, long bytes) {
    stream.copyIn(slot.device, slot.host(), bytes);
  }

  /** Marks the end of the work on a pair; it may be used again after that. */
  void release(Slot slot) {
    slot.done.record(stream);
  }

  /** Gives the buffers back when all copies are done; later pieces take new ones. */
  void empty() {
    for (Slot slot : slots) {
      slot.done.await();
      slot.free();
    }
  }

  /** Frees the buffers; all copies are done, and nothing can be loaded after that. Idempotent. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (Slot slot : slots) {
      slot.free();
      slot.done.close();
    }
  }
}
