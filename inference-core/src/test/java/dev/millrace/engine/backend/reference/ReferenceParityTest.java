package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendParityKit;
import dev.millrace.engine.backend.ComputeBackend;

/** The reference against itself: the kit's own operations must hold together. */
final class ReferenceParityTest extends BackendParityKit {

  @Override
  protected ComputeBackend backend() {
    return new ReferenceProvider().create(BackendOptions.DEFAULTS);
  }
}
