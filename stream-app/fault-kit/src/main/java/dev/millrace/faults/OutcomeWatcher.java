package dev.millrace.faults;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.records.RecordHeaderNames;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/** Counts committed records of topics as they come. Used by one thread. */
public final class OutcomeWatcher implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(50);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Map<String, Long> countOfSource = new HashMap<>();
  private long count;
  private long firstCount;
  private long firstNanos;
  private long lastNanos;

  /** Begins at the beginning of the topics. */
  public OutcomeWatcher(Config config, List<String> topics) {
    consumer = new KafkaConsumer<>(KafkaClientProperties.consumer(config));
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : topics) {
      consumer
          .partitionsFor(topic)
          .forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
  }

  /**
   * Waits until {@code target} records have been seen in all.
   *
   * @param alive whether records may still come
   * @throws IllegalStateException if no record comes for {@code patience}, or none can come
   */
  public void await(long target, Duration patience, BooleanSupplier alive) {
    long heard = System.nanoTime();
    while (count < target) {
      int found = poll();
      long now = System.nanoTime();
      if (found > 0) {
        heard = now;
      } else if (!alive.getAsBoolean()) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT, "%d of %d records came, then the application ended", count, target));
      } else if (now - heard > patience.toNanos()) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT, "%d of %d records came, then none for %s", count, target, patience));
      }
    }
  }

  /** Takes what has come, and waits a moment if nothing has. */
  public int poll() {
    ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
    int found = records.count();
    if (found > 0) {
      count += found;
      lastNanos = System.nanoTime();
      if (firstNanos == 0) {
        firstNanos = lastNanos;
        firstCount = count;
      }
      for (ConsumerRecord<byte[], byte[]> record : records) {
        Header partition = record.headers().lastHeader(RecordHeaderNames.SOURCE_PARTITION);
        if (partition != null) {
          String source = new String(partition.value(), StandardCharsets.UTF_8);
          countOfSource.merge(source, 1L, Long::sum);
        }
      }
    }
    return found;
  }

  /** Records seen of the documents of a partition of the input. */
  public long count(int partition) {
    return countOfSource.getOrDefault(Integer.toString(partition), 0L);
  }

  /** Records seen. */
  public long count() {
    return count;
  }

  /** Records per second, from the first poll that saw any to the last. */
  public double rate() {
    return (count - firstCount) / Math.max(1e-9, seconds());
  }

  /** Time from the first poll that saw any to the last. */
  public double seconds() {
    return (lastNanos - firstNanos) / 1e9;
  }

  @Override
  public void close() {
    consumer.close();
  }
}
