package dev.millrace.streams.processor;

import dev.millrace.records.SourcePosition;
import dev.millrace.records.TimestampLimits;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.processor.TimestampExtractor;

/**
 * Gives each consumed record a timestamp that the changelog takes, because Kafka Streams writes the
 * pending store's changelog with it, and one that is refused there stops the partition for ever.
 * Remembers the record's own for the processor, and its leader epoch. Shared by all stream threads;
 * thread-safe.
 *
 * <p>A record without a timestamp is still a document: it is as old as time.
 */
public final class SourceTimestamps implements TimestampExtractor {
  private final TimestampLimits limits;
  private final String changelog;
  private final InstantSource clock;
  private final LeaderEpochs epochs = new LeaderEpochs();

  /** Only those that were changed, from being read until being processed: hardly ever any. */
  private final Map<SourcePosition, Long> changed = new ConcurrentHashMap<>();

  /**
   * @param limits borrowed
   * @param changelog name of the changelog topic
   */
  public SourceTimestamps(TimestampLimits limits, String changelog, InstantSource clock) {
    this.limits = limits;
    this.changelog = changelog;
    this.clock = clock;
  }

  /** Name of the changelog topic. */
  String changelog() {
    return changelog;
  }

  @Override
  public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
    epochs.read(record);
    long own = Math.max(0, record.timestamp());
    long allowed = limits.allowed(changelog, own, clock.millis());
    if (allowed != own) {
      changed.put(new SourcePosition(record.topic(), record.partition(), record.offset()), own);
    }
    return allowed;
  }

  /** Leader epoch of a record that is processed now. */
  int epoch(SourcePosition position) {
    return epochs.of(position);
  }

  /** The record's own timestamp; {@code extracted} if it was not changed. */
  long own(SourcePosition position, long extracted) {
    if (changed.isEmpty()) {
      return extracted;
    }
    Long own = changed.remove(position);
    return own == null ? extracted : own;
  }
}
