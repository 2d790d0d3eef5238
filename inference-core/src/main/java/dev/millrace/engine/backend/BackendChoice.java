package dev.millrace.engine.backend;

import dev.millrace.engine.architecture.Architecture;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Which backend runs, and why: for the start-up line.
 *
 * @param provider makes it
 * @param why one line
 */
public record BackendChoice(BackendProvider provider, String why) {

  /** The name that asks for the best one that runs here. */
  public static final String AUTO = "auto";

  /** Every backend on the class path, most preferred first. */
  public static List<BackendProvider> installed() {
    List<BackendProvider> providers = new ArrayList<>();
    ServiceLoader.load(BackendProvider.class).forEach(providers::add);
    providers.sort(
        Comparator.comparingInt(BackendProvider::priority)
            .reversed()
            .thenComparing(BackendProvider::name));
    return providers;
  }

  /**
   * Chooses a backend that runs here and computes a model.
   *
   * @param name a backend's name, or {@link #AUTO}
   * @param installed candidates, most preferred first
   * @param architecture of the model
   * @throws BackendException if there is no such backend, or it cannot run here, or not this model
   */
  public static BackendChoice of(
      String name, List<BackendProvider> installed, Architecture architecture) {
    return of(name, installed, List.of(architecture));
  }

  /**
   * Chooses a backend that runs here and computes several models.
   *
   * @param architectures of the models
   * @throws BackendException as above
   */
  public static BackendChoice of(
      String name, List<BackendProvider> installed, List<Architecture> architectures) {
    List<String> passedOver = new ArrayList<>();
    for (BackendProvider provider : installed) {
      if (!name.equals(AUTO) && !name.equals(provider.name())) {
        continue;
      }
      Optional<String> reason =
          provider
              .unsupportedReason()
              .or(() ->
                  unsupported(provider, architectures).map(found -> "not this model: " + found));
      if (reason.isEmpty()) {
        return new BackendChoice(provider, why(name, passedOver));
      }
      passedOver.add(provider.name() + ": " + reason.get());
    }
    throw new BackendException(
        passedOver.isEmpty()
            ? "there is no backend '%s'; installed are %s, or say %s"
                .formatted(name, installed.stream().map(BackendProvider::name).toList(), AUTO)
            : "backend '%s' cannot run here (%s)".formatted(name, String.join("; ", passedOver)));
  }

  private static Optional<String> unsupported(
      BackendProvider provider, List<Architecture> architectures) {
    return architectures.stream()
        .flatMap(architecture -> provider.unsupported(architecture).stream())
        .findFirst();
  }

  private static String why(String name, List<String> passedOver) {
    if (!name.equals(AUTO)) {
      return "asked for";
    }
    return passedOver.isEmpty()
        ? "the preferred one"
        : "preferred ones cannot run here (" + String.join("; ", passedOver) + ")";
  }
}
