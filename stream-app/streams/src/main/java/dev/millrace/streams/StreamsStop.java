package dev.millrace.streams;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The waits of a stop: for what is in flight, then for the stream threads. Without a broker neither
 * can come to anything, for nothing can be committed: both then end within moments, and what was
 * not committed is pending after the next start. Used by one thread.
 */
final class StreamsStop {
  private static final Logger LOG = LoggerFactory.getLogger(StreamsStop.class);
  private static final Duration STEP = Duration.ofMillis(20);

  /** How long the stream threads may take once it is known that no broker answers. */
  static final Duration WITHOUT_BROKER = Duration.ofSeconds(2);

  private final BooleanSupplier brokerAway;
  private final LongSupplier nanoClock;

  /**
   * @param brokerAway whether it is known that no broker answers
   * @param nanoClock as {@link System#nanoTime}
   */
  StreamsStop(BooleanSupplier brokerAway, LongSupplier nanoClock) {
    this.brokerAway = brokerAway;
    this.nanoClock = nanoClock;
  }

  /**
   * Waits until something is so, at most for a while, and not without a broker.
   *
   * @return whether it is so
   */
  boolean await(BooleanSupplier done, Duration atMost, Duration withoutBroker) {
    long begin = nanoClock.getAsLong();
    long awayNanos = 0;
    boolean away = false;
    while (!done.getAsBoolean()) {
      long now = nanoClock.getAsLong();
      if (!away && brokerAway.getAsBoolean()) {
        away = true;
        awayNanos = now;
      }
      if (now - begin >= atMost.toNanos()
          || (away && now - awayNanos >= withoutBroker.toNanos())
          || !sleep()) {
        return done.getAsBoolean();
      }
    }
    return true;
  }

  private static boolean sleep() {
    try {
      TimeUnit.NANOSECONDS.sleep(STEP.toNanos());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Waits until nothing is in flight. */
  void drain(BooleanSupplier empty, Duration atMost) {
    boolean _ = await(empty, atMost, Duration.ZERO);
  }

  /** Stops the stream threads and waits for them. */
  void close(KafkaStreams streams, Duration atMost) {
    // Only asks them to: with a timeout of its own it would wait whatever becomes of the brokers.
    boolean _ = streams.close(CloseOptions.timeout(Duration.ZERO));
    if (!await(() -> streams.state().hasCompletedShutdown(), atMost, WITHOUT_BROKER)) {
      LOG.warn(
          "the stream threads did not stop within {}{}; nothing is lost, the next start restores",
          brokerAway.getAsBoolean() ? WITHOUT_BROKER : atMost,
          brokerAway.getAsBoolean() ? ", for no broker answers" : "");
    }
  }
}
