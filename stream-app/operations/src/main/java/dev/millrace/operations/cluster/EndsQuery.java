package dev.millrace.operations.cluster;

import dev.millrace.operations.Answers;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.cluster.PartitionEnds.Ends;
import dev.millrace.operations.cluster.PartitionEnds.Partition;
import dev.millrace.operations.config.TopicSelection;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Asks where the partitions of topics end. Used by one thread. */
final class EndsQuery {
  private final Admin admin;
  private final int atMostMillis;
  private final Set<Partition> silent = new HashSet<>();
  private Throwable silence = new IllegalStateException("nobody was asked");

  /**
   * Prepares a question.
   *
   * @param admin borrowed
   * @param atMost how long to wait for each of the three answers
   */
  EndsQuery(Admin admin, Duration atMost) {
    this.admin = admin;
    this.atMostMillis = Math.toIntExact(atMost.toMillis());
  }

  /**
   * Asks once; a topic that does not exist has no partitions.
   *
   * @throws OperationException if a topic cannot be described, or no partition gives an answer
   */
  PartitionEnds ask(Collection<TopicSelection> topics) throws InterruptedException {
    Set<TopicPartition> partitions = partitions(TopicNames.of(admin, topics, atMostMillis));
    // The end first: what lay below it then, and lies above the stable offset now, is open.
    Map<Partition, Long> ends = offsets(partitions, IsolationLevel.READ_UNCOMMITTED);
    Map<Partition, Long> stable = offsets(partitions, IsolationLevel.READ_COMMITTED);
    Map<Partition, Ends> known = new HashMap<>();
    stable.forEach((partition, offset) -> {
      Long end = ends.get(partition);
      if (end != null) {
        known.put(partition, new Ends(offset, end));
      }
    });
    if (known.isEmpty() && !silent.isEmpty()) {
      throw new OperationException(
          String.format(
              Locale.ROOT,
              "none of the %d partitions of %s says where it ends: %s",
              silent.size(),
              topics,
              silence.getMessage()),
          silence);
    }
    return new PartitionEnds(known, silent);
  }

  private Set<TopicPartition> partitions(Collection<String> topics) throws InterruptedException {
    Map<String, KafkaFuture<TopicDescription>> described =
        admin
            .describeTopics(topics, new DescribeTopicsOptions().timeoutMs(atMostMillis))
            .topicNameValues();
    Set<TopicPartition> partitions = new HashSet<>();
    for (Map.Entry<String, KafkaFuture<TopicDescription>> entry : described.entrySet()) {
      try {
        int count = entry.getValue().get().partitions().size();
        for (int number = 0; number < count; number++) {
          partitions.add(new TopicPartition(entry.getKey(), number));
        }
      } catch (ExecutionException e) {
        Throwable cause = Answers.cause(e);
        if (!(cause instanceof UnknownTopicOrPartitionException)) {
          throw Answers.failed("describe topic " + entry.getKey(), e);
        }
      }
    }
    return partitions;
  }

  /** Those that answered; the others are silent, or gone. */
  private Map<Partition, Long> offsets(Set<TopicPartition> partitions, IsolationLevel level)
      throws InterruptedException {
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    partitions.forEach(partition -> latest.put(partition, OffsetSpec.latest()));
    ListOffsetsOptions options = new ListOffsetsOptions(level);
    options.timeoutMs(atMostMillis);
    ListOffsetsResult result = admin.listOffsets(latest, options);
    Map<Partition, Long> offsets = new HashMap<>();
    for (TopicPartition each : partitions) {
      Partition partition = new Partition(each.topic(), each.partition());
      try {
        offsets.put(partition, result.partitionResult(each).get().offset());
      } catch (ExecutionException e) {
        Throwable cause = Answers.cause(e);
        if (!(cause instanceof UnknownTopicOrPartitionException)) {
          silent.add(partition);
          silence = cause;
        }
      }
    }
    return offsets;
  }
}
