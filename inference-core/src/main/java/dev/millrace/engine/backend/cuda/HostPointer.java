package dev.millrace.engine.backend.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;

/** A native address as JCuda wants it. No heap array ever crosses the boundary. Immutable. */
final class HostPointer extends Pointer {

  HostPointer(long address) {
    super(address);
  }

  /**
   * The segment's address.
   *
   * @throws IllegalArgumentException if it lies on the heap
   */
  static HostPointer to(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("only native memory is given to the driver");
    }
    return new HostPointer(segment.address());
  }
}
