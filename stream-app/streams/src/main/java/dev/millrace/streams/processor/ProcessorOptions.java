package dev.millrace.streams.processor;

import dev.millrace.operations.config.Topics;
import dev.millrace.records.Backoff;
import dev.millrace.records.OutcomeTimestamp;
import java.time.Duration;
import java.util.Locale;

/**
 * Limits of the processor.
 *
 * @param names of the input's nodes and store
 * @param topics input and outputs
 * @param timestamp which time the records of outcomes have
 * @param ordering order of the outcomes
 * @param documentBytesMax largest value that is enriched
 * @param inFlightTaskMax documents that one stream task may have in memory
 * @param pendingTaskMax documents pending in a stream task from which it slows its consumption
 * @param slice longest wait in {@code process()} while slowed
 * @param punctuateInterval how often answers are looked for while something is pending
 * @param deadline time an attempt may take
 * @param attemptsMax attempts that may end at their deadline before the document is rejected
 * @param restartsMax processes that may crash with a document in flight, the last with it alone, or
 *     end without a trace with it alone, before it is rejected; at least 3
 * @param carefulStart how long after its start a stream task commits a pending document before it
 *     submits it
 * @param unknownSchemaGrace how long an unknown schema id is asked for again
 * @param backoff wait before a document is submitted again
 */
public record ProcessorOptions(
    NodeNames names,
    Topics topics,
    OutcomeTimestamp timestamp,
    Ordering ordering,
    int documentBytesMax,
    int inFlightTaskMax,
    int pendingTaskMax,
    Duration slice,
    Duration punctuateInterval,
    Duration deadline,
    int attemptsMax,
    int restartsMax,
    Duration carefulStart,
    Duration unknownSchemaGrace,
    Backoff backoff) {

  private static final int RESTARTS_MAX_LEAST = 3;

  /** Checks the bounds. */
  public ProcessorOptions {
    atLeastOne("documentBytesMax", documentBytesMax);
    atLeastOne("inFlightTaskMax", inFlightTaskMax);
    atLeastOne("pendingTaskMax", pendingTaskMax);
    atLeastOne("attemptsMax", attemptsMax);
    if (restartsMax < RESTARTS_MAX_LEAST) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "restartsMax must be at least %d, got %d: one crash may be an accident, and the next",
              RESTARTS_MAX_LEAST,
              restartsMax));
    }
    positive("slice", slice);
    positive("punctuateInterval", punctuateInterval);
    positive("deadline", deadline);
  }

  private static void atLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s must be at least 1, got %d", name, value));
    }
  }

  private static void positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException("%s must be positive, got %s".formatted(name, value));
    }
  }
}
