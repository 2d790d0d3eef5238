package dev.millrace.engine.backend;

import dev.millrace.engine.architecture.Architecture;
import java.util.Optional;

/** Finds and makes one kind of backend. Registered as a service. */
public interface BackendProvider {

  /** Short name, as given to {@code --backend}. */
  String name();

  /** Order of preference for {@code auto}: higher is tried first. */
  int priority();

  /** Why this backend cannot run here; empty if it can. Never throws. */
  Optional<String> unsupportedReason();

  /**
   * What this backend cannot compute of a model, found against supported; empty if it computes all
   * of it. Asked before a backend is chosen, so that another one can be. Never throws.
   */
  Optional<String> unsupported(Architecture architecture);

  /** Makes a backend. */
  ComputeBackend create(BackendOptions options);
}
