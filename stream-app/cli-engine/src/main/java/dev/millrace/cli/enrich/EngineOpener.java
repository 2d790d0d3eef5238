package dev.millrace.cli.enrich;

import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import java.nio.file.Path;

/** Opens a model. A seam for tests. */
@FunctionalInterface
interface EngineOpener {

  /** Loads a model's directory; the caller closes the engine. */
  InferenceEngine open(Path modelDirectory, EngineOptions options);
}
