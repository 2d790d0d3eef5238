package dev.millrace.engine.backend.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.driver.CUstream;

/** A queue of work on the device, done in order. Owned by one thread at a time. */
final class CudaStream implements CudaContext.Resource {

  private final CUstream handle = Driver.createStream();

  CUstream handle() {
    return handle;
  }

  /** Copies to the device later; {@code from} stays as it is until then. */
  void copyIn(long to, MemorySegment from, long bytes) {
    Driver.copyIn(to, from, bytes, handle);
  }

  /** Copies from the device later; {@code to} has the values after {@link #await}. */
  void copyOut(MemorySegment to, long from, long bytes) {
    Driver.copyOut(to, from, bytes, handle);
  }

  void copyWithin(long to, long from, long bytes) {
    Driver.copyWithin(to, from, bytes, handle);
  }

  void fill(long to, byte value, long bytes) {
    Driver.fill(to, value, bytes, handle);
  }

  /** Lets this stream wait for what the event marks. */
  void after(CudaEvent event) {
    Driver.awaitOnDevice(handle, event.handle());
  }

  /** Waits until everything is done; throws what went wrong on the device. */
  void await() {
    Driver.await(handle);
  }

  @Override
  public void close() {
    Driver.destroy(handle);
  }
}
