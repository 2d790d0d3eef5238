package dev.millrace.streams.topology;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.operations.deploy.TopicDeployment;
import dev.millrace.streams.config.AppKeys;
import dev.millrace.streams.processor.NodeNames;
import java.util.LinkedHashMap;
import java.util.Map;

/** The topics that Kafka Streams keeps beside those that the configuration names. */
public final class ApplicationTopics {

  private ApplicationTopics() {}

  /**
   * Names of the topics that Kafka Streams keeps the pending stores in, by what the input reads.
   */
  public static Map<TopicSelection, String> changelogs(Config config) {
    Map<TopicSelection, String> changelogs = new LinkedHashMap<>();
    for (Input input : Input.all(config)) {
      changelogs.put(input.topics().documents(), changelog(config, input));
    }
    return changelogs;
  }

  /** Name of the topic that Kafka Streams keeps the pending store of an input in. */
  public static String changelog(Config config, Input input) {
    return new NodeNames(input.name()).changelog(config.get(AppKeys.ID));
  }

  /** All topics of the application, as a deploy step; to be closed. */
  public static TopicDeployment deployment(Config config) {
    return new TopicDeployment(config, changelogs(config));
  }
}
