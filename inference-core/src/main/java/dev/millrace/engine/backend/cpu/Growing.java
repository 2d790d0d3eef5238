package dev.millrace.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A scratch buffer that is allocated when first used, for the largest use. Single-threaded. */
final class Growing {

  private final NativeMemory memory;
  private @Nullable MemorySegment segment;

  Growing(NativeMemory memory) {
    this.memory = memory;
  }

  /** The buffer; its old content is lost when it grows. */
  MemorySegment atLeast(long bytes) {
    MemorySegment current = segment;
    if (current == null || current.byteSize() < bytes) {
      current = memory.allocate(bytes);
      segment = current;
    }
    return current;
  }
}
