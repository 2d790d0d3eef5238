package dev.millrace.cli.enrich;

import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.EnrichmentMetrics;
import java.util.Map;
import java.util.TreeMap;

/** Tokens by task. Thread-safe because every method locks. */
final class TaskTokens implements EnrichmentMetrics {
  private final Map<String, Sum> tasks = new TreeMap<>();
  private final Map<String, Integer> warnings = new TreeMap<>();

  /**
   * What one task took.
   *
   * @param branches asked
   * @param suffixTokens prefilled for them alone
   * @param generatedTokens generated
   */
  record Sum(int branches, long suffixTokens, long generatedTokens) {
    Sum plus(Sum other) {
      return new Sum(
          branches + other.branches,
          suffixTokens + other.suffixTokens,
          generatedTokens + other.generatedTokens);
    }
  }

  @Override
  public synchronized void branch(String task, int suffixTokens, int generatedTokens) {
    tasks.merge(task, new Sum(1, suffixTokens, generatedTokens), Sum::plus);
  }

  @Override
  public synchronized void warning(Warning warning) {
    warnings.merge(warning.code() + " " + warning.field(), 1, Integer::sum);
  }

  synchronized Map<String, Sum> tasks() {
    return new TreeMap<>(tasks);
  }

  synchronized Map<String, Integer> warnings() {
    return new TreeMap<>(warnings);
  }
}
