package dev.millrace.operations.config;

import java.util.List;
import java.util.Locale;

/** A configuration that cannot be used, with all that is wrong with it. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final List<String> problems;

  /**
   * @param source where the configuration was read from
   * @param problems at least one; each stands alone
   */
  ConfigException(String source, List<String> problems) {
    super(
        String.format(
            Locale.ROOT,
            "cannot use the configuration %s: %d problem%s%n  - %s",
            source,
            problems.size(),
            problems.size() == 1 ? "" : "s",
            String.join(System.lineSeparator() + "  - ", problems)));
    this.problems = List.copyOf(problems);
  }

  /** One line each. */
  public List<String> problems() {
    return problems;
  }
}
