package dev.millrace.engine.device;

import dev.millrace.engine.EngineStatus;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.RequestHandle;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.request.InferenceRequest;

/** One user's view of an engine that others use, too. Thread-safe. */
final class LeasedEngine implements InferenceEngine {
  private final SharedDevices.Held held;
  private volatile boolean closed;

  LeasedEngine(SharedDevices.Held held) {
    this.held = held;
  }

  String name() {
    return held.options().name();
  }

  SharedDevices.Held held() {
    return held;
  }

  @Override
  public ModelInfo model() {
    return held.engine().model();
  }

  @Override
  public RequestHandle submit(InferenceRequest request, RequestListener listener) {
    if (closed) {
      return held.engine().refuseAsClosed(request, listener);
    }
    RequestHandle handle = held.engine().submit(request, listener, this);
    if (closed) {
      held.engine().endHolder(this);
    }
    return handle;
  }

  @Override
  public void cancelAll(Object owner) {
    held.engine().cancelAll(owner);
  }

  @Override
  public EngineStatus status() {
    EngineStatus status = held.engine().status();
    return closed
        ? new EngineStatus(
            EngineStatus.State.CLOSED,
            status.waitingRequests(),
            status.runningRequests(),
            status.kvBlocksTotal(),
            status.kvBlocksFree())
        : status;
  }

  @Override
  public void close() {
    closed = true;
    held.engine().endHolder(this);
  }
}
