package dev.millrace.flink;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.oneOf;

import dev.millrace.operations.config.AttemptKeys;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigKey;
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
import java.util.stream.Stream;

/** Every setting of the Flink job. It reads the file of the Streams application, too. */
public final class FlinkSpec {
  /** What the Streams application may be asked to keep. */
  enum StreamsOrder {
    /** As they are completed. */
    NONE,
    /** That of the documents of each key. */
    KEY,
    /** That of the documents of each partition. */
    PARTITION
  }

  /** A file that asks the Streams application for an order must not lose it here. */
  static final ConfigKey<StreamsOrder> ORDER =
      optional(
          "processing.order",
          oneOf(StreamsOrder.class),
          "none",
          "key",
          "Order of outcomes in the Streams application. Here, whatever is not none means"
              + " flink.order: subtask, which keeps the order of keys and of partitions.");

  static final ConfigSection ATTEMPTS =
      ConfigSection.of(
          "processing",
          "What happens to slow documents.",
          Stream.<ConfigKey<?>>concat(AttemptKeys.KEYS.stream(), Stream.of(ORDER)).toList(),
          AttemptKeys::check);

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
          List.of("app.", "health.", "log.", "processing.", "watchdog."));

  private FlinkSpec() {}

  /** Whether outcomes keep the order in which a subtask reads their documents. */
  static boolean keepsOrder(Config config) {
    return config.get(FlinkKeys.ORDER) != FlinkKeys.Order.NONE
        || config.get(ORDER) != StreamsOrder.NONE;
  }
}
