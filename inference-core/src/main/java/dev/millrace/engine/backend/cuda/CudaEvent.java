package dev.millrace.engine.backend.cuda;

import jcuda.driver.CUevent;

/** A mark in a stream of work, with a time. Owned by one thread at a time. */
final class CudaEvent implements CudaContext.Resource {

  private final CUevent handle = Driver.createEvent();

  CUevent handle() {
    return handle;
  }

  /** Marks what was put into the stream so far. */
  void record(CudaStream stream) {
    Driver.record(handle, stream.handle());
  }

  /** Waits for the mark; returns at once if nothing was marked. */
  void await() {
    Driver.await(handle);
  }

  /** Milliseconds from this mark to a later one, both passed. */
  double millisecondsTo(CudaEvent later) {
    return Driver.millisecondsBetween(handle, later.handle);
  }

  @Override
  public void close() {
    Driver.destroy(handle);
  }
}
