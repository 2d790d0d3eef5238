package dev.millrace.enrichment;

import java.util.List;
import java.util.Locale;

/** A plan cannot be read, or does not fit the model. Names every problem at once. */
public class PlanException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  /**
   * With what is wrong.
   *
   * @param source the plan's file or other origin
   * @param problems at least one
   */
  public PlanException(String source, List<String> problems) {
    super(message(source, problems));
    this.problems = List.copyOf(problems);
  }

  /** What is wrong, one sentence each. */
  public List<String> problems() {
    return problems;
  }

  private static String message(String source, List<String> problems) {
    return problems.size() == 1
        ? "plan %s: %s".formatted(source, problems.getFirst())
        : String.format(
            Locale.ROOT,
            "plan %s has %d problems:\n  %s",
            source,
            problems.size(),
            String.join("\n  ", problems));
  }
}
