package dev.millrace.engine.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Locale;

/**
 * A kernel's arguments in one native block: a table of addresses, and the values it points to. Made
 * once and filled again for every launch: the driver copies the values when it is called, and a
 * launch with nested JCuda pointers costs seventeen times as much. Owned by the engine thread.
 */
final class Arguments implements CudaContext.Resource {

  /** Most arguments of a kernel. */
  static final int MAX = 32;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment block = arena.allocate(2L * MAX * Long.BYTES, 64);
  private final HostPointer table = HostPointer.to(block);
  private final long[] values = new long[MAX];
  private int count;

  Arguments() {
    for (int i = 0; i < MAX; i++) {
      long value = block.address() + (long) (MAX + i) * Long.BYTES;
      block.setAtIndex(ValueLayout.JAVA_LONG, i, value);
    }
  }

  /** Forgets all arguments. */
  Arguments clear() {
    count = 0;
    return this;
  }

  /** Adds a pointer into device memory, or 0. */
  Arguments pointer(long address) {
    return add(address);
  }

  /** Adds a 64-bit integer. */
  Arguments wide(long value) {
    return add(value);
  }

  /** Adds a 32-bit integer. */
  Arguments number(int value) {
    return add(Integer.toUnsignedLong(value));
  }

  /** Adds a 32-bit floating-point number. */
  Arguments real(float value) {
    return add(Integer.toUnsignedLong(Float.floatToRawIntBits(value)));
  }

  private Arguments add(long bits) {
    if (count == MAX) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "a kernel has at most %d arguments", MAX));
    }
    values[count] = bits;
    // little endian: a 32-bit value lies at the address of the slot
    block.setAtIndex(ValueLayout.JAVA_LONG, MAX + count, bits);
    count++;
    return this;
  }

  /** Puts recorded arguments back. */
  Arguments set(long[] from, int at, int length) {
    clear();
    for (int i = 0; i < length; i++) {
      add(from[at + i]);
    }
    return this;
  }

  int count() {
    return count;
  }

  /** Copies the arguments' bits. */
  void copyTo(long[] target, int at) {
    System.arraycopy(values, 0, target, at, count);
  }

  /** What a launch is given. */
  HostPointer table() {
    return table;
  }

  @Override
  public String toString() {
    return Arrays.toString(Arrays.copyOf(values, count));
  }

  @Override
  public void close() {
    arena.close();
  }
}
