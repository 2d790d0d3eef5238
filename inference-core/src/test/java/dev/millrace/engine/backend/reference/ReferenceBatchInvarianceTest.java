package dev.millrace.engine.backend.reference;

import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BatchInvarianceKit;
import dev.millrace.engine.backend.ComputeBackend;

final class ReferenceBatchInvarianceTest extends BatchInvarianceKit {

  @Override
  protected ComputeBackend backend() {
    return new ReferenceProvider().create(BackendOptions.DEFAULTS);
  }
}
