package dev.millrace.flink;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.bool;
import static dev.millrace.operations.config.ConfigType.integer;
import static dev.millrace.operations.config.ConfigType.oneOf;
import static dev.millrace.operations.config.ConfigType.optionalText;
import static dev.millrace.operations.config.ConfigType.text;
import static dev.millrace.operations.config.ConfigType.time;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigKey;
import dev.millrace.operations.config.ConfigProblems;
import dev.millrace.operations.config.ConfigSection;
import java.time.Duration;
import java.util.List;

/** Settings of the Flink job alone; {@code flink.*}. */
public final class FlinkKeys {

  /** In which order outcomes come. */
  public enum Order {
    /** As they are ready. */
    NONE,
    /** That of the documents, as a subtask reads them. */
    SUBTASK
  }

  public static final ConfigKey<String> JOB =
      optional(
          "flink.job",
          text(),
          "millrace-flink",
          "enrich-invoices",
          "Names the job, its consumer group and its transactions: two jobs must not share it.");

  public static final ConfigKey<Integer> PARALLELISM =
      optional(
          "flink.parallelism",
          integer(0, 32_768),
          "0",
          "4",
          "Subtasks of each step; 0 takes what the cluster or `flink run -p` says.");

  public static final ConfigKey<Integer> CAPACITY =
      optional(
          "flink.capacity",
          integer(1, 100_000),
          "256",
          "64",
          "Documents that a subtask may have in the engine's hands at once. They are part of each"
              + " checkpoint.");

  public static final ConfigKey<Order> ORDER =
      optional(
          "flink.order",
          oneOf(Order.class),
          "none",
          "subtask",
          "Whether outcomes keep the order in which a subtask reads their documents.");

  public static final ConfigKey<Duration> CHECKPOINT_INTERVAL =
      optional(
          "flink.checkpoint.interval",
          time("ms", 100, 600_000),
          "5s",
          "30s",
          "How often a checkpoint is taken, and outcomes become visible.");

  public static final ConfigKey<String> CHECKPOINT_DIR =
      optional(
          "flink.checkpoint.dir",
          optionalText(),
          "",
          "s3://bucket/checkpoints",
          "Where checkpoints go, as a URI; empty takes what the cluster says.");

  public static final ConfigKey<Duration> TRANSACTION_TIMEOUT =
      optional(
          "flink.transaction.timeout",
          time("s", 10, 86_400),
          "15m",
          "1h",
          "After how long brokers give up a transaction: longer than a checkpoint and the longest"
              + " recovery together, or outcomes are lost; at most the brokers'"
              + " transaction.max.timeout.ms.");

  public static final ConfigKey<Boolean> BOUNDED =
      optional(
          "flink.bounded",
          bool(),
          "false",
          "true",
          "Whether the job ends once it has enriched what is in the input topics at its start.");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of(
          "flink",
          "The Flink job.",
          List.of(
              JOB,
              PARALLELISM,
              CAPACITY,
              ORDER,
              CHECKPOINT_INTERVAL,
              CHECKPOINT_DIR,
              TRANSACTION_TIMEOUT,
              BOUNDED),
          FlinkKeys::check);

  private FlinkKeys() {}

  private static void check(ConfigProblems problems) {
    Config config = problems.config();
    problems.require(
        config.get(TRANSACTION_TIMEOUT).compareTo(config.get(CHECKPOINT_INTERVAL).multipliedBy(4))
            >= 0,
        "flink.transaction.timeout (%s) must be at least four times flink.checkpoint.interval (%s)",
        config.get(TRANSACTION_TIMEOUT),
        config.get(CHECKPOINT_INTERVAL));
  }
}
