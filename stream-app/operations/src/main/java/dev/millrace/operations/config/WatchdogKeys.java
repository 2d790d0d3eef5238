package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.time;

import java.time.Duration;
import java.util.List;

/** What counts as trouble; {@code watchdog.*}. */
public final class WatchdogKeys {
  public static final ConfigKey<Duration> STALL =
      optional(
          "watchdog.stall",
          time("s", 1, 604_800),
          "40m",
          "1h",
          "Without any outcome for so long while documents are pending, readiness goes red.");

  public static final ConfigKey<Duration> HANGING =
      optional(
          "watchdog.hanging",
          time("s", 1, 604_800),
          "20m",
          "70m",
          "A partition of one of the topics hangs if its last stable offset stays at the same place"
              + " below its end for so long: the log, the readiness response and the metrics say"
              + " so. Keep it above every transaction.timeout.ms of those who write to the topics."
              + " The default is what a broker calls late: the 15 minutes that it allows them by"
              + " default (transaction.max.timeout.ms) and 5 more.");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of(
          "watchdog",
          "When the application counts as stalled, and a partition as hanging.",
          List.of(STALL, HANGING));

  private WatchdogKeys() {}
}
