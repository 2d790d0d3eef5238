package dev.millrace.engine.device;

import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.model.ForwardPass;
import java.util.OptionalInt;

/**
 * A model that is ready to run. Closed by the engine thread, which is also the thread that made it.
 *
 * @param info what the facade tells about it
 * @param forward owned
 * @param imageToken id that stands for a part of an image, if there is one
 * @param closeable what else must be closed, after the forward pass
 */
record LoadedModel(ModelInfo info, ForwardPass forward, OptionalInt imageToken, Runnable closeable)
    implements AutoCloseable {

  /** A model that takes no images. */
  LoadedModel(ModelInfo info, ForwardPass forward, Runnable closeable) {
    this(info, forward, OptionalInt.empty(), closeable);
  }

  @Override
  public void close() {
    try {
      forward.close();
    } finally {
      closeable.run();
    }
  }
}
