package dev.millrace.faults;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.records.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * Produces made-up documents at a steady rate while faults happen, on a thread of its own, and
 * remembers which were acknowledged. Thread-safe.
 */
public final class SteadyLoad implements AutoCloseable {
  private static final long NANOS = 1_000_000_000;
  private static final long WAIT_NANOS = 20_000_000;
  private static final Duration LAST_WORDS = Duration.ofMinutes(3);

  private final Set<SourcePosition> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicInteger sent = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final Thread thread;
  private volatile long seen;
  private volatile boolean stopped;
  private volatile boolean abandoned;

  private SteadyLoad(Config config, int perSecond, int ahead, int keys, IntFunction<String> text) {
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .name("load")
            .start(() -> produce(config, perSecond, ahead, keys, text));
  }

  /**
   * Begins.
   *
   * @param config of the producer; the first input's topic is written to
   * @param perSecond documents per second at most
   * @param ahead most that it is ahead of what {@link #seen} was told
   * @param keys how many different ones
   * @param text of a document by its number
   */
  public static SteadyLoad start(
      Config config, int perSecond, int ahead, int keys, IntFunction<String> text) {
    return new SteadyLoad(config, perSecond, ahead, keys, text);
  }

  private void produce(
      Config config, int perSecond, int ahead, int keys, IntFunction<String> text) {
    String topic = config.get(TopicKeys.DOCUMENTS);
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(KafkaClientProperties.producer(config));
    try {
      while (!stopped) {
        if (sent.get() - seen > ahead) {
          LockSupport.parkNanos(WAIT_NANOS);
          continue;
        }
        int number = sent.getAndIncrement();
        byte[] value = text.apply(number).getBytes(StandardCharsets.UTF_8);
        Future<RecordMetadata> _ =
            producer.send(
                DocumentLoad.record(topic, number, keys, value),
                (metadata, e) -> {
                  if (e != null) {
                    failed.incrementAndGet();
                  } else {
                    acknowledged.add(
                        new SourcePosition(
                            metadata.topic(), metadata.partition(), metadata.offset()));
                  }
                });
        LockSupport.parkNanos(NANOS / perSecond);
      }
    } finally {
      producer.close(abandoned ? Duration.ZERO : LAST_WORDS);
    }
  }

  /** Tells how many have an outcome: on a slow machine the load does not run away. */
  public void seen(long outcomes) {
    seen = outcomes;
  }

  /** Documents sent so far. */
  public int sent() {
    return sent.get();
  }

  /**
   * Ends it and waits for the last acknowledgements.
   *
   * @return where the documents were written that are known to be
   * @throws IllegalStateException if some were refused: the load itself failed, not the application
   */
  public Set<SourcePosition> finish() {
    end();
    if (failed.get() > 0) {
      throw new IllegalStateException(failed.get() + " documents could not be produced");
    }
    return Set.copyOf(acknowledged);
  }

  /** Ends it without waiting for acknowledgements. */
  @Override
  public void close() {
    abandoned = true;
    end();
  }

  private void end() {
    stopped = true;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
