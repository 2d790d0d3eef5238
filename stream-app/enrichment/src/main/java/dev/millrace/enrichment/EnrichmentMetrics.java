package dev.millrace.enrichment;

import dev.millrace.enrichment.Enrichment.Warning;

/** What an enricher reports. Called on its threads; must return quickly and never throw. */
public interface EnrichmentMetrics {

  /** Reports nothing. */
  EnrichmentMetrics NONE = new EnrichmentMetrics() {};

  /**
   * A branch of a task was answered.
   *
   * @param task its name
   * @param suffixTokens tokens prefilled for this branch alone
   * @param generatedTokens tokens generated
   */
  default void branch(String task, int suffixTokens, int generatedTokens) {}

  /** An answer was kept with a warning. */
  default void warning(Warning warning) {}
}
