package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.ComputeDevice;
import java.util.ArrayList;
import java.util.List;

/** The calling thread and the heap. Owned by the engine thread. */
final class ReferenceDevice implements ComputeDevice {

  private final List<ReferenceBackend> open = new ArrayList<>();

  @Override
  public ComputeBackend backend(BackendOptions options) {
    open.removeIf(ReferenceBackend::isClosed);
    ReferenceBackend backend = new ReferenceBackend();
    open.add(backend);
    return backend;
  }

  @Override
  public void close() {
    open.forEach(ReferenceBackend::close);
    open.clear();
  }
}
