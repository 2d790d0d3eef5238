package dev.millrace.streams;

import dev.millrace.operations.OpenResources;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.cluster.Watch;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.operations.deploy.TopicDeployment;
import dev.millrace.records.RecordSizes;
import dev.millrace.records.TimestampLimits;
import dev.millrace.streams.topology.ApplicationTopics;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the topics take, timestamps and sizes, asked for now and then. Thread-safe. */
final class TopicLimits {
  private static final Logger LOG = LoggerFactory.getLogger(TopicLimits.class);
  private static final Duration ASKED_EVERY = Duration.ofSeconds(30);

  private final TimestampLimits timestamps = new TimestampLimits();
  private final RecordSizes sizes;
  private final TopicDeployment deployment;

  /** Begins to look in the background; {@code open} ends that. */
  TopicLimits(Config config, OpenResources open) {
    this.sizes = new RecordSizes(Math.toIntExact(config.get(TopicKeys.RECORD_BYTES_MAX)));
    this.deployment = open.keep(ApplicationTopics.deployment(config));
    open.keep(
        Watch.start(
            "topics take less than topics.record.bytes.max",
            ASKED_EVERY,
            this::checkSizes,
            System::nanoTime));
  }

  TimestampLimits timestamps() {
    return timestamps;
  }

  RecordSizes sizes() {
    return sizes;
  }

  /**
   * Asks, at the start, and whenever a topic has refused a record for its timestamp or size.
   *
   * @return whether the sizes are others than before
   */
  boolean read() {
    try {
      timestamps.update(deployment.timestampRanges());
      return sizes.update(deployment.recordSizes());
    } catch (OperationException e) {
      LOG.warn(
          "records keep their timestamps and sizes, for what the topics take is not known: {}",
          e.getMessage());
      return false;
    }
  }

  /** Sizes that do not fit together; one line each. */
  List<String> problems() {
    return sizes.problems();
  }

  private void checkSizes() {
    try {
      boolean _ = sizes.update(deployment.recordSizes());
    } catch (OperationException e) {
      LOG.debug("what the topics take is not known", e);
      return;
    }
    List<String> problems = sizes.problems();
    if (!problems.isEmpty()) {
      throw new OperationException(String.join("; ", problems));
    }
  }
}
