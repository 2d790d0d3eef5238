package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;
import java.nio.file.Path;

/** Qwen3 with experts. */
final class ReferenceQwen3BatchInvarianceTest extends BatchInvarianceKit {

  @Override
  protected ComputeBackend backend() {
    return new ReferenceProvider().create(BackendOptions.DEFAULTS);
  }

  @Override
  protected Path write(Path directory) {
    return qwen3(directory);
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
