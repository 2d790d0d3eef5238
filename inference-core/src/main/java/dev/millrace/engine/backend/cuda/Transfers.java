package dev.millrace.engine.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Copies Java arrays to and from the device through a page-locked buffer, and waits: for answers
 * and for tests. Owned by the engine thread.
 */
final class Transfers implements CudaContext.Resource {

  private static final int BYTES = 1 << 20;

  private final CudaStream stream;
  private final PinnedBuffer buffer = new PinnedBuffer(BYTES);

  Transfers(CudaStream stream) {
    this.stream = stream;
  }

  /** Copies floats from the device; waits for all work before. */
  void read(long from, float[] to, int at, int count) {
    MemorySegment memory = buffer.memory();
    int most = BYTES / Float.BYTES;
    for (int done = 0; done < count; done += most) {
      int part = Math.min(most, count - done);
      stream.copyOut(memory, from + (long) done * Float.BYTES, (long) part * Float.BYTES);
      stream.await();
      MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, 0, to, at + done, part);
    }
  }

  /** Copies one whole number from the device; waits for all work before. */
  int readInt(long from) {
    stream.copyOut(buffer.memory(), from, Integer.BYTES);
    stream.await();
    return buffer.memory().get(ValueLayout.JAVA_INT, 0);
  }

  /** Copies bf16 from the device as floats; waits for all work before. */
  void readBFloat16(long from, float[] to, int at, int count) {
    MemorySegment memory = buffer.memory();
    int most = BYTES / Short.BYTES;
    for (int done = 0; done < count; done += most) {
      int part = Math.min(most, count - done);
      stream.copyOut(memory, from + (long) done * Short.BYTES, (long) part * Short.BYTES);
      stream.await();
      for (int i = 0; i < part; i++) {
        to[at + done + i] = BFloat16.toFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, i));
      }
    }
  }

  /** Copies floats to the device. */
  void write(float[] from, long to) {
    MemorySegment memory = buffer.memory();
    int most = BYTES / Float.BYTES;
    for (int done = 0; done < from.length; done += most) {
      int part = Math.min(most, from.length - done);
      MemorySegment.copy(from, done, memory, ValueLayout.JAVA_FLOAT, 0, part);
      stream.copyIn(to + (long) done * Float.BYTES, memory, (long) part * Float.BYTES);
      stream.await();
    }
  }

  @Override
  public void close() {
    buffer.close();
  }
}
