package dev.millrace.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What became of a row of the fault matrix.
 *
 * @param row its name
 * @param seed that repeats it
 * @param faults how many were made
 * @param documents that were produced and acknowledged
 * @param lost of them without an outcome
 * @param duplicated with more than one
 * @param condemned innocent ones that a dead letter says end the process
 * @param recoveries from each fault, or its end, until all partitions had outcomes again
 * @param problems one line each; empty if all is well
 * @param directory with logs, configurations and the schedule
 */
public record RowResult(
    String row,
    long seed,
    int faults,
    long documents,
    long lost,
    long duplicated,
    long condemned,
    List<Duration> recoveries,
    List<String> problems,
    Path directory) {

  /** Copies the lists; recoveries in their order of length. */
  public RowResult {
    recoveries = recoveries.stream().sorted().toList();
    problems = List.copyOf(problems);
  }

  /** The middle one, the longer of two; zero if there is none. */
  public Duration recoveryMedian() {
    return recoveries.isEmpty() ? Duration.ZERO : recoveries.get(recoveries.size() / 2);
  }

  /** The longest; zero if there is none. */
  public Duration recoveryMax() {
    return recoveries.isEmpty() ? Duration.ZERO : recoveries.getLast();
  }
}
