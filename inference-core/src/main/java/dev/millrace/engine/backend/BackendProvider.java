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

  /**
   * Opens a device for several models, on the thread that will use it.
   *
   * @param threads compute threads of a CPU; 0 for all cores
   * @throws BackendException if it cannot be opened
   */
  ComputeDevice open(int threads);

  /**
   * Makes a backend with a device of its own, which is closed with it.
   *
   * @throws BackendException if the device cannot be opened, or cannot compute so
   */
  ComputeBackend create(BackendOptions options);
}
