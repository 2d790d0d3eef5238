package dev.millrace.operations.cluster;

import dev.millrace.operations.Answers;
import dev.millrace.operations.config.TopicSelection;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeStreamsGroupsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Asks a cluster about topics and who reads them. Thread-safe as its client is, which it borrows.
 */
final class TopicQuery implements TopicWatch.Questions {
  private final Admin admin;
  private final String group;
  private final boolean streamsProtocol;

  TopicQuery(Admin admin, String group, boolean streamsProtocol) {
    this.admin = admin;
    this.group = group;
    this.streamsProtocol = streamsProtocol;
  }

  @Override
  public Map<String, TopicState> topics(Collection<TopicSelection> topics, Duration atMost)
      throws InterruptedException {
    Map<String, KafkaFuture<TopicDescription>> described =
        admin
            .describeTopics(
                TopicNames.of(admin, topics, millis(atMost)),
                new DescribeTopicsOptions().timeoutMs(millis(atMost)))
            .topicNameValues();
    Map<String, TopicState> found = new HashMap<>();
    for (Map.Entry<String, KafkaFuture<TopicDescription>> each : described.entrySet()) {
      try {
        TopicDescription topic = each.getValue().get();
        found.put(each.getKey(), new TopicState(topic.topicId(), topic.partitions().size()));
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
          throw Answers.failed("describe topic " + each.getKey(), e);
        }
      }
    }
    return found;
  }

  @Override
  public Set<Integer> assigned(String topic, Duration atMost) throws InterruptedException {
    Set<Integer> partitions = new HashSet<>();
    try {
      if (streamsProtocol) {
        // Tasks have their input's numbers, but do not name it.
        var groups =
            admin
                .describeStreamsGroups(
                    List.of(group), new DescribeStreamsGroupsOptions().timeoutMs(millis(atMost)))
                .all()
                .get();
        groups.values().stream()
            .flatMap(described -> described.members().stream())
            .flatMap(member -> member.assignment().activeTasks().stream())
            .forEach(task -> partitions.addAll(task.partitions()));
        return partitions;
      }
      var groups =
          admin
              .describeConsumerGroups(
                  List.of(group), new DescribeConsumerGroupsOptions().timeoutMs(millis(atMost)))
              .all()
              .get();
      groups.values().stream()
          .flatMap(described -> described.members().stream())
          .flatMap(member -> member.assignment().topicPartitions().stream())
          .filter(partition -> partition.topic().equals(topic))
          .forEach(partition -> partitions.add(partition.partition()));
      return partitions;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException) {
        return Set.of();
      }
      throw Answers.failed("describe group " + group, e);
    }
  }

  @Override
  public void addPartitions(String topic, int partitions, Duration atMost)
      throws InterruptedException {
    try {
      admin
          .createPartitions(
              Map.of(topic, NewPartitions.increaseTo(partitions)),
              new CreatePartitionsOptions().timeoutMs(millis(atMost)))
          .all()
          .get();
    } catch (ExecutionException e) {
      throw Answers.failed("add partitions to topic " + topic, e);
    }
  }

  private static int millis(Duration atMost) {
    return Math.toIntExact(atMost.toMillis());
  }
}
