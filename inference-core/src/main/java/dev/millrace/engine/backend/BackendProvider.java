package dev.millrace.engine.backend;

import java.util.Optional;

/** Finds and makes one kind of backend. Registered as a service. */
public interface BackendProvider {

  /** Short name, as given to {@code --backend}. */
  String name();

  /** Order of preference for {@code auto}: higher is tried first. */
  int priority();

  /** Why this backend cannot run here; empty if it can. Never throws. */
  Optional<String> unsupportedReason();

  /** Makes a backend. */
  ComputeBackend create(BackendOptions options);
}
