package dev.millrace.streams;

import dev.millrace.operations.config.AttemptKeys;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.DocumentKeys;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.RegistryKeys;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.streams.config.ProcessingKeys;
import dev.millrace.streams.processor.NodeNames;
import dev.millrace.streams.processor.Permits;
import dev.millrace.streams.processor.ProcessorOptions;
import java.time.Duration;

/** The configuration in the words of the packages that use it. Immutable. */
final class ApplicationSettings {

  /** Long enough for what ended an earlier process to be consumed again. */
  private static final Duration CAREFUL_START = Duration.ofMinutes(1);

  private ApplicationSettings() {}

  /** Limits of the processor. */
  static ProcessorOptions processor(Config config, Input input) {
    return new ProcessorOptions(
        new NodeNames(input.name()),
        input.topics(),
        config.get(TopicKeys.TIMESTAMP),
        config.get(ProcessingKeys.ORDER),
        Math.toIntExact(config.get(DocumentKeys.BYTES_MAX)),
        config.get(ProcessingKeys.IN_FLIGHT_TASK_MAX),
        config.get(ProcessingKeys.PENDING_TASK_MAX),
        config.get(ProcessingKeys.SLICE),
        config.get(ProcessingKeys.TICK),
        config.get(AttemptKeys.DEADLINE),
        config.get(AttemptKeys.ATTEMPTS_MAX),
        config.get(ProcessingKeys.RESTARTS_MAX),
        CAREFUL_START,
        config.get(RegistryKeys.UNKNOWN_GRACE),
        AttemptKeys.backoff(config));
  }

  /** Global limit of what is in flight. */
  static Permits permits(Config config) {
    return new Permits(
        config.get(ProcessingKeys.IN_FLIGHT_MAX), config.get(ProcessingKeys.IN_FLIGHT_BYTES_MAX));
  }
}
