package dev.millrace.streams.processor;

import dev.millrace.records.SourcePosition;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The leader epochs of records between being read and being processed. The epoch tells whether a
 * position holds the record it held before: a log that was cut and written again has a newer one
 * there. Thread-safe; keeps only where a partition's epoch changes.
 */
final class LeaderEpochs {
  private final Map<TakenMark.Partition, ConcurrentSkipListMap<Long, Integer>> changes =
      new ConcurrentSkipListMap<>();

  /** A record was read. */
  void read(ConsumerRecord<?, ?> record) {
    int epoch = record.leaderEpoch().orElse(TakenMark.UNKNOWN_EPOCH);
    ConcurrentSkipListMap<Long, Integer> own =
        changes.computeIfAbsent(
            new TakenMark.Partition(record.topic(), record.partition()),
            _ -> new ConcurrentSkipListMap<>());
    Map.Entry<Long, Integer> before = own.floorEntry(record.offset());
    if (before == null || before.getValue() != epoch) {
      own.put(record.offset(), epoch);
    }
  }

  /** Leader epoch of a record that was read and is processed now; forgets those before it. */
  int of(SourcePosition at) {
    ConcurrentSkipListMap<Long, Integer> own =
        changes.get(new TakenMark.Partition(at.topic(), at.partition()));
    Map.Entry<Long, Integer> entry = own == null ? null : own.floorEntry(at.offset());
    if (own == null || entry == null) {
      return TakenMark.UNKNOWN_EPOCH;
    }
    if (own.firstKey() < entry.getKey()) {
      own.headMap(entry.getKey()).clear();
    }
    return entry.getValue();
  }
}
