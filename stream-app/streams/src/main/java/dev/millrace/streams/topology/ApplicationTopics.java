package dev.millrace.streams.topology;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.deploy.TopicDeployment;
import dev.millrace.streams.config.AppKeys;
import dev.millrace.streams.processor.EnrichmentProcessor;
import java.util.List;

/** The topics that Kafka Streams keeps beside those that the configuration names. */
public final class ApplicationTopics {

  private ApplicationTopics() {}

  /** Names of the topics that Kafka Streams keeps the pending stores in. */
  public static List<String> changelogs(Config config) {
    return List.of(changelog(config));
  }

  /** Name of the topic that Kafka Streams keeps the pending store in. */
  public static String changelog(Config config) {
    return config.get(AppKeys.ID) + "-" + EnrichmentProcessor.STORE + "-changelog";
  }

  /** All topics of the application, as a deploy step; to be closed. */
  public static TopicDeployment deployment(Config config) {
    return new TopicDeployment(config, changelogs(config));
  }
}
