package dev.millrace.engine.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Names some of a step's rows to kernels, in the layout of {@code millrace/step.cuh}. Owned by the
 * engine thread.
 */
final class RowSelection implements CudaContext.Resource {

  private static final int HEADER = 4;

  private final HostWritten buffer;

  /** Allocates room for so many rows. */
  RowSelection(CudaStream stream, int rowsMax) {
    buffer = new HostWritten(stream, bytes(rowsMax));
  }

  /** Bytes on the device. */
  static long bytes(int rowsMax) {
    return (HEADER + (long) rowsMax) * Integer.BYTES;
  }

  /** Sends {@code count} of the rows. */
  void send(int[] rows, int first, int count) {
    long bytes = bytes(count);
    MemorySegment words = buffer.begin(bytes);
    words.setAtIndex(ValueLayout.JAVA_INT, 0, count);
    for (int i = 1; i < HEADER; i++) {
      words.setAtIndex(ValueLayout.JAVA_INT, i, 0);
    }
    MemorySegment.copy(
        rows, first, words, ValueLayout.JAVA_INT, (long) HEADER * Integer.BYTES, count);
    buffer.send(bytes);
  }

  /** Where kernels find it. */
  long address() {
    return buffer.address();
  }

  @Override
  public void close() {
    buffer.close();
  }
}
