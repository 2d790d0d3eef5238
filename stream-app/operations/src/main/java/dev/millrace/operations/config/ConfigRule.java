package dev.millrace.operations.config;

/** Relations between settings. */
@FunctionalInterface
public interface ConfigRule {

  /** Names each relation that does not hold. */
  void check(ConfigProblems problems);
}
