package dev.millrace.engine.device;

import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.model.ForwardPass;

/**
 * A model that is ready to run. Closed by the engine thread, which is also the thread that made it.
 *
 * @param info what the facade tells about it
 * @param forward owned
 * @param closeable what else must be closed, after the forward pass
 */
record LoadedModel(ModelInfo info, ForwardPass forward, Runnable closeable)
    implements AutoCloseable {

  @Override
  public void close() {
    try {
      forward.close();
    } finally {
      closeable.run();
    }
  }
}
