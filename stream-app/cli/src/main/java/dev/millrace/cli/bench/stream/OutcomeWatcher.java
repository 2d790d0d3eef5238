package dev.millrace.cli.bench.stream;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.KafkaClientProperties;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Counts committed records of topics as they come. Used by one thread. */
public final class OutcomeWatcher implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(50);

  private final KafkaConsumer<byte[], byte[]> consumer;
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
      int found = consumer.poll(POLL).count();
      long now = System.nanoTime();
      if (found > 0) {
        count += found;
        heard = now;
        lastNanos = now;
        if (firstNanos == 0) {
          firstNanos = now;
          firstCount = count;
        }
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
