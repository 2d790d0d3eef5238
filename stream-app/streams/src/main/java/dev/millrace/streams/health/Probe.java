package dev.millrace.streams.health;

import java.util.List;

/**
 * An answer to "is it well?".
 *
 * @param problems what is wrong, one line each; empty if all is well
 */
public record Probe(List<String> problems) {
  /** All is well. */
  public static final Probe OK = new Probe(List.of());

  /** Copies the lines. */
  public Probe {
    problems = List.copyOf(problems);
  }

  /** Whether all is well. */
  public boolean isOk() {
    return problems.isEmpty();
  }
}
