package dev.millrace.engine.backend.reference;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendProvider;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.ComputeDevice;
import java.util.Optional;

/** Runs everywhere; chosen by {@code auto} only when nothing else runs. Immutable. */
public final class ReferenceProvider implements BackendProvider {

  /** For the service loader. */
  public ReferenceProvider() {}

  @Override
  public String name() {
    return ReferenceBackend.NAME;
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Optional<String> unsupportedReason() {
    return Optional.empty();
  }

  @Override
  public Optional<String> unsupported(Architecture architecture) {
    return Optional.empty();
  }

  @Override
  public ComputeDevice open(int threads) {
    return new ReferenceDevice();
  }

  /** Makes a backend. It always computes in double precision on one thread. */
  @Override
  public ComputeBackend create(BackendOptions options) {
    return new ReferenceBackend();
  }
}
