package dev.millrace.operations.cluster;

import dev.millrace.operations.Answers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DeleteConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.DeleteStreamsGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** Asks for a group's committed offsets, and deletes them. Thread-safe as its client is. */
final class GroupQuery {
  private final Admin admin;
  private final String group;
  private final int atMostMillis;

  /**
   * @param admin borrowed
   * @param atMost how long to wait for each answer
   */
  GroupQuery(Admin admin, String group, Duration atMost) {
    this.admin = admin;
    this.group = group;
    this.atMostMillis = Math.toIntExact(atMost.toMillis());
  }

  GroupOffsets offsets(String topic, int partitions) throws InterruptedException {
    Map<TopicPartition, OffsetAndMetadata> found;
    try {
      found =
          admin
              .listConsumerGroupOffsets(
                  group, new ListConsumerGroupOffsetsOptions().timeoutMs(atMostMillis))
              .partitionsToOffsetAndMetadata()
              .get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof GroupIdNotFoundException)) {
        throw Answers.failed("read the committed offsets of group " + group, e);
      }
      found = Map.of();
    }
    Map<Integer, Long> committed = new HashMap<>();
    List<Integer> missing = new ArrayList<>();
    boolean ofStreams = false;
    for (int number = 0; number < partitions; number++) {
      OffsetAndMetadata offset = found.get(new TopicPartition(topic, number));
      if (offset == null) {
        missing.add(number);
      } else {
        committed.put(number, offset.offset());
        // Kafka Streams keeps the time of its stream there; tools that set offsets keep nothing.
        ofStreams |= offset.offset() > 0 && !offset.metadata().isEmpty();
      }
    }
    return new GroupOffsets(committed, missing, ofStreams);
  }

  void delete(String topic, int partitions, boolean streamsProtocol) throws InterruptedException {
    Set<TopicPartition> all =
        IntStream.range(0, partitions)
            .mapToObj(number -> new TopicPartition(topic, number))
            .collect(Collectors.toSet());
    KafkaFuture<Void> deleted =
        streamsProtocol
            ? admin
                .deleteStreamsGroupOffsets(
                    group, all, new DeleteStreamsGroupOffsetsOptions().timeoutMs(atMostMillis))
                .all()
            : admin
                .deleteConsumerGroupOffsets(
                    group, all, new DeleteConsumerGroupOffsetsOptions().timeoutMs(atMostMillis))
                .all();
    try {
      deleted.get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof GroupIdNotFoundException)) {
        throw Answers.failed("delete the committed offsets of group " + group, e);
      }
    }
  }
}
