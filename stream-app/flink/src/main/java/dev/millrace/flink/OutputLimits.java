package dev.millrace.flink;

import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.operations.deploy.TopicDeployment;
import dev.millrace.records.RecordSizes;
import dev.millrace.records.TimestampLimits;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the output topics take, as they were when a subtask was opened. A record beyond it would
 * fail the job at each checkpoint, for ever; a topic that is changed later fails it once, and then
 * it is opened again. Thread-safe.
 */
final class OutputLimits {
  private static final Logger LOG = LoggerFactory.getLogger(OutputLimits.class);

  private final TimestampLimits timestamps = new TimestampLimits();
  private final RecordSizes sizes;

  private OutputLimits(Config config) {
    sizes = new RecordSizes(Math.toIntExact(config.get(TopicKeys.RECORD_BYTES_MAX)));
  }

  /** Asks the brokers; where they do not say, what is configured holds. */
  static OutputLimits ask(Config config) {
    OutputLimits limits = new OutputLimits(config);
    try (TopicDeployment topics = new TopicDeployment(config, Map.of())) {
      limits.timestamps.update(topics.timestampRanges());
      if (limits.sizes.update(topics.recordSizes())) {
        limits.sizes.problems().forEach(LOG::warn);
      }
    } catch (OperationException e) {
      LOG.warn(
          "records keep their timestamps and sizes, for what the topics take is not known: {}",
          e.getMessage());
    }
    return limits;
  }

  TimestampLimits timestamps() {
    return timestamps;
  }

  RecordSizes sizes() {
    return sizes;
  }
}
