package dev.millrace.cli;

import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import java.nio.file.Path;

/** Opens a model. A seam for tests. */
@FunctionalInterface
public interface EngineOpener {

  /** Loads a model's directory; the caller closes the engine. */
  InferenceEngine open(Path directory, EngineOptions options);
}
