package dev.millrace.streams.topics;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.streams.processor.TakenMark;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/**
 * What the changelog of a pending store says, folded to its last values.
 *
 * @param marks how far documents were taken
 * @param pending how many documents have no outcome
 * @param used partitions of the changelog with committed records
 */
record PendingTopic(Map<TakenMark.Partition, TakenMark> marks, long pending, Set<Integer> used) {
  private static final Duration POLL = Duration.ofMillis(200);

  /** Reads partitions of a changelog to their ends, as of now, with committed records only. */
  static PendingTopic read(Config config, String changelog, Collection<Integer> numbers) {
    Map<TakenMark.Partition, TakenMark> marks = new HashMap<>();
    Set<ByteBuffer> pending = new HashSet<>();
    Set<Integer> used = new HashSet<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(KafkaClientProperties.consumer(config))) {
      var partitions =
          numbers.stream().map(number -> new TopicPartition(changelog, number)).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          used.add(record.partition());
          if (TakenMark.isKey(record.key())) {
            if (record.value() == null) {
              marks.remove(TakenMark.partition(record.key()));
            } else {
              marks.put(TakenMark.partition(record.key()), TakenMark.of(record.value()));
            }
          } else if (!TakenMark.isReserved(record.key())) {
            if (record.value() == null) {
              pending.remove(ByteBuffer.wrap(record.key()));
            } else {
              pending.add(ByteBuffer.wrap(record.key()));
            }
          }
        }
      }
    }
    return new PendingTopic(marks, pending.size(), used);
  }
}
