package dev.millrace.operations.health;

import java.util.List;

/**
 * An answer to "is it well?".
 *
 * @param problems what is wrong, one line each; empty if all is well
 * @param notes what an operator should know although it does not count as wrong, one line each
 */
public record Probe(List<String> problems, List<String> notes) {
  /** All is well. */
  public static final Probe OK = new Probe(List.of());

  /** Copies the lines. */
  public Probe {
    problems = List.copyOf(problems);
    notes = List.copyOf(notes);
  }

  /** Without notes. */
  public Probe(List<String> problems) {
    this(problems, List.of());
  }

  /** The same answer with other notes. */
  public Probe withNotes(List<String> others) {
    return new Probe(problems, others);
  }

  /** Whether all is well. */
  public boolean isOk() {
    return problems.isEmpty();
  }
}
