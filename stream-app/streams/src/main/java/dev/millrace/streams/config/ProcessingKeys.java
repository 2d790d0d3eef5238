package dev.millrace.streams.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.bytes;
import static dev.millrace.operations.config.ConfigType.integer;
import static dev.millrace.operations.config.ConfigType.oneOf;
import static dev.millrace.operations.config.ConfigType.time;

import dev.millrace.operations.config.AttemptKeys;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigKey;
import dev.millrace.operations.config.ConfigProblems;
import dev.millrace.operations.config.ConfigSection;
import dev.millrace.streams.processor.Ordering;
import dev.millrace.streams.processor.Taken;
import java.time.Duration;
import java.util.List;

/**
 * Settings of the way of a document through the application: order, limits, retries; {@code
 * processing.*}.
 */
public final class ProcessingKeys {
  private static final long GIB = 1L << 30;

  public static final ConfigKey<Ordering> ORDER =
      optional(
          "processing.order",
          oneOf(Ordering.class),
          "none",
          "key",
          "Whether outcomes, dead letters among them, keep the order of their documents: not at"
              + " all, for each key, or for the whole partition. Order costs latency, never"
              + " throughput of the engine.");

  public static final ConfigKey<Taken> TAKEN =
      optional(
          "processing.taken",
          oneOf(Taken.class),
          "skip",
          "again",
          "What becomes of documents that were taken before and are read again, because the group's"
              + " committed offsets expired, were deleted or set back: nothing, for each has its"
              + " outcome or is pending, or each is enriched again and gets another outcome.");

  public static final ConfigKey<Integer> IN_FLIGHT_MAX =
      optional(
          "processing.in.flight.max",
          integer(1, 100_000),
          "256",
          "512",
          "Documents that may be in the engine's hands at once, over all stream tasks.");

  public static final ConfigKey<Long> IN_FLIGHT_BYTES_MAX =
      optional(
          "processing.in.flight.bytes.max",
          bytes(1 << 20, 64 * GIB),
          "256MiB",
          "1GiB",
          "Bytes of those documents.");

  public static final ConfigKey<Integer> IN_FLIGHT_TASK_MAX =
      optional(
          "processing.in.flight.task.max",
          integer(1, 100_000),
          "128",
          "64",
          "Documents of one partition that may be in memory at once, so that a busy partition"
              + " leaves room for the others.");

  public static final ConfigKey<Integer> PENDING_TASK_MAX =
      optional(
          "processing.pending.task.max",
          integer(1, 1_000_000),
          "256",
          "512",
          "Pending documents of one partition from which its consumption is slowed.");

  public static final ConfigKey<Duration> SLICE =
      optional(
          "processing.slice",
          time("ms", 5, 1000),
          "25ms",
          "50ms",
          "Longest wait per record while consumption is throttled.");

  public static final ConfigKey<Duration> TICK =
      optional(
          "processing.tick",
          time("ms", 1, 1000),
          "10ms",
          "20ms",
          "How often answers are looked for while documents are pending.");

  public static final ConfigKey<Integer> RESTARTS_MAX =
      optional(
          "processing.restarts.max",
          integer(3, 100),
          "3",
          "5",
          "How many process crashes a document may be in flight for before it is blamed and"
              + " rejected; the last one must find it alone in the process. Processes that end"
              + " without a trace, as kill -9 does it, count if they find it alone.");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of(
          "processing",
          "How much is in flight, and what happens to slow documents.",
          List.of(
              ORDER,
              TAKEN,
              IN_FLIGHT_MAX,
              IN_FLIGHT_BYTES_MAX,
              IN_FLIGHT_TASK_MAX,
              PENDING_TASK_MAX,
              SLICE,
              TICK,
              AttemptKeys.DEADLINE,
              AttemptKeys.ATTEMPTS_MAX,
              RESTARTS_MAX,
              AttemptKeys.BACKOFF_MIN,
              AttemptKeys.BACKOFF_MAX),
          ProcessingKeys::check);

  private ProcessingKeys() {}

  private static void check(ConfigProblems problems) {
    Config config = problems.config();
    AttemptKeys.check(problems);
    problems.require(
        config.get(IN_FLIGHT_TASK_MAX) <= config.get(IN_FLIGHT_MAX),
        "processing.in.flight.task.max (%s) must not be above processing.in.flight.max (%s)",
        config.get(IN_FLIGHT_TASK_MAX),
        config.get(IN_FLIGHT_MAX));
    problems.require(
        config.get(PENDING_TASK_MAX) >= config.get(IN_FLIGHT_TASK_MAX),
        "processing.pending.task.max (%s) must not be below processing.in.flight.task.max (%s)",
        config.get(PENDING_TASK_MAX),
        config.get(IN_FLIGHT_TASK_MAX));
  }
}
