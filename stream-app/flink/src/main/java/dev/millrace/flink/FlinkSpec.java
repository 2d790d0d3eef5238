package dev.millrace.flink;

import dev.millrace.operations.config.AttemptKeys;
import dev.millrace.operations.config.ConfigSection;
import dev.millrace.operations.config.ConfigSpec;
import dev.millrace.operations.config.DocumentKeys;
import dev.millrace.operations.config.InputKeys;
import dev.millrace.operations.config.KafkaKeys;
import dev.millrace.operations.config.ModelKeys;
import dev.millrace.operations.config.ModelsKeys;
import dev.millrace.operations.config.RegistryKeys;
import dev.millrace.operations.config.TopicKeys;
import java.util.List;

/** Every setting of the Flink job. It reads the file of the Streams application, too. */
public final class FlinkSpec {
  static final ConfigSection ATTEMPTS =
      ConfigSection.of(
          "processing", "What happens to slow documents.", AttemptKeys.KEYS, AttemptKeys::check);

  /** In the order of the reference page. */
  public static final ConfigSpec SPEC =
      new ConfigSpec(
          List.of(
              KafkaKeys.SECTION,
              TopicKeys.SECTION,
              RegistryKeys.SECTION,
              DocumentKeys.SECTION,
              ATTEMPTS,
              ModelKeys.SECTION,
              FlinkKeys.SECTION),
          List.of(InputKeys.INPUTS, ModelsKeys.MODELS),
          List.of(InputKeys.PLANS),
          List.of(InputKeys::check, ModelsKeys::check),
          List.of("app.", "processing.", "watchdog.", "health."));

  private FlinkSpec() {}
}
