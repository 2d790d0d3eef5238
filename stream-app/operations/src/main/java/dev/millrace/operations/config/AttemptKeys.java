package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.integer;
import static dev.millrace.operations.config.ConfigType.time;

import dev.millrace.records.Backoff;
import java.time.Duration;
import java.util.List;

/**
 * How often and how long a document is tried, whatever runs the enrichment; {@code processing.*}.
 */
public final class AttemptKeys {

  public static final ConfigKey<Duration> DEADLINE =
      optional(
          "processing.deadline",
          time("s", 1, 86_400),
          "10m",
          "5m",
          "Time an attempt to enrich a document may take.");

  public static final ConfigKey<Integer> ATTEMPTS_MAX =
      optional(
          "processing.attempts.max",
          integer(1, 100),
          "3",
          "5",
          "Attempts that may miss the deadline before the document is rejected.");

  public static final ConfigKey<Duration> BACKOFF_MIN =
      optional(
          "processing.backoff.min",
          time("ms", 1, 60_000),
          "100ms",
          "250ms",
          "First wait before a document is submitted again.");

  public static final ConfigKey<Duration> BACKOFF_MAX =
      optional(
          "processing.backoff.max",
          time("ms", 1, 3_600_000),
          "10s",
          "30s",
          "Longest wait before a document is submitted again.");

  /** All of them. */
  public static final List<ConfigKey<?>> KEYS =
      List.of(DEADLINE, ATTEMPTS_MAX, BACKOFF_MIN, BACKOFF_MAX);

  private AttemptKeys() {}

  /** The relations between them. */
  public static void check(ConfigProblems problems) {
    Config config = problems.config();
    problems.require(
        config.get(BACKOFF_MIN).compareTo(config.get(BACKOFF_MAX)) <= 0,
        "processing.backoff.min (%s) must not be above processing.backoff.max (%s)",
        config.get(BACKOFF_MIN),
        config.get(BACKOFF_MAX));
  }

  /** The wait between two attempts. */
  public static Backoff backoff(Config config) {
    return new Backoff(config.get(BACKOFF_MIN), config.get(BACKOFF_MAX));
  }
}
