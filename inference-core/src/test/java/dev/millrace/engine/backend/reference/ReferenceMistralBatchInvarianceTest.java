package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;
import java.nio.file.Path;

/** Mistral with its window. */
final class ReferenceMistralBatchInvarianceTest extends BatchInvarianceKit {

  @Override
  protected ComputeBackend backend() {
    return new ReferenceProvider().create(BackendOptions.DEFAULTS);
  }

  @Override
  protected Path write(Path directory) {
    return mistral(directory);
  }

  @Override
  protected int rounds() {
    return 5;
  }

  @Override
  protected int askedApart() {
    return 7;
  }
}
