package dev.millrace.streams;

import dev.millrace.streams.config.Config;
import dev.millrace.streams.config.ConfigKeys;
import dev.millrace.streams.config.ProcessingKeys;
import dev.millrace.streams.processor.Backoff;
import dev.millrace.streams.processor.Permits;
import dev.millrace.streams.processor.ProcessorOptions;
import dev.millrace.streams.topology.Topics;
import java.time.Duration;

/** The configuration in the words of the packages that use it. Immutable. */
public final class ApplicationSettings {

  /** Long enough for what ended an earlier process to be consumed again. */
  private static final Duration CAREFUL_START = Duration.ofMinutes(1);

  private ApplicationSettings() {}

  /** Names of the topics. */
  public static Topics topics(Config config) {
    return new Topics(
        config.get(ConfigKeys.TOPIC_DOCUMENTS),
        config.get(ConfigKeys.TOPIC_ENRICHED),
        config.get(ConfigKeys.TOPIC_QUARANTINED),
        config.get(ConfigKeys.TOPIC_DEAD_LETTER));
  }

  /** Limits of the processor. */
  static ProcessorOptions processor(Config config) {
    return new ProcessorOptions(
        config.get(ConfigKeys.TOPIC_DOCUMENTS),
        config.get(ProcessingKeys.ORDER),
        Math.toIntExact(config.get(ConfigKeys.DOCUMENTS_BYTES_MAX)),
        Math.toIntExact(config.get(ConfigKeys.TOPICS_RECORD_BYTES_MAX)),
        config.get(ProcessingKeys.IN_FLIGHT_TASK_MAX),
        config.get(ProcessingKeys.PENDING_TASK_MAX),
        config.get(ProcessingKeys.SLICE),
        config.get(ProcessingKeys.TICK),
        config.get(ProcessingKeys.DEADLINE),
        config.get(ProcessingKeys.ATTEMPTS_MAX),
        config.get(ProcessingKeys.RESTARTS_MAX),
        CAREFUL_START,
        config.get(ConfigKeys.REGISTRY_UNKNOWN_GRACE),
        new Backoff(
            config.get(ProcessingKeys.BACKOFF_MIN), config.get(ProcessingKeys.BACKOFF_MAX)));
  }

  /** Global limit of what is in flight. */
  static Permits permits(Config config) {
    return new Permits(
        config.get(ProcessingKeys.IN_FLIGHT_MAX), config.get(ProcessingKeys.IN_FLIGHT_BYTES_MAX));
  }
}
