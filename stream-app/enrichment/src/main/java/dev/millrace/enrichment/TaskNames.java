package dev.millrace.enrichment;

import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.Screen;
import dev.millrace.enrichment.Task.Summarise;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which names a plan may give. A name appears in records, in metrics' tags and as a key of JSON, so
 * it is plain; and it never says something else there than what it is.
 */
final class TaskNames {
  private static final Pattern PATTERN = Pattern.compile("[a-z][a-z0-9-]{0,62}");

  private TaskNames() {}

  /** What is wrong with the name of a task; empty if nothing. */
  static Optional<String> fault(String name, Class<? extends Task> kind) {
    if (!PATTERN.matcher(name).matches()) {
      return Optional.of(
          "must be at most 63 small letters a-z, digits and hyphens, a letter first, got \"%s\""
              .formatted(name));
    }
    boolean taken =
        switch (name) {
          case Summarise.NAME -> kind != Summarise.class;
          case Classify.NAME -> kind != Classify.class;
          // Stands for the document's language in warnings.
          case Screen.NAME, "language" -> true;
          default -> false;
        };
    return taken
        ? Optional.of("must not be %s: records mean something else by it".formatted(name))
        : Optional.empty();
  }

  /** What is wrong with the name of a model; empty if nothing. */
  static Optional<String> modelFault(String name) {
    return PATTERN.matcher(name).matches()
        ? Optional.empty()
        : Optional.of(
            "must be a model's name of small letters a-z, digits and hyphens, got \"%s\""
                .formatted(name));
  }
}
