package dev.millrace.streams.processor;

import java.time.Duration;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.jspecify.annotations.Nullable;

/**
 * When the processor looks for answers. Kafka Streams commits a transaction after each look,
 * whether or not it found anything: an idle task must not look at all, and one that only waits for
 * a back-off must not look before it is over. Owned by the stream thread.
 */
final class Looks {
  private final ProcessorContext<byte[], byte[]> context;
  private final Duration shortest;
  private final Runnable look;
  private @Nullable Cancellable armed;
  private Duration every = Duration.ZERO;

  /**
   * @param shortest pause between two looks
   */
  Looks(ProcessorContext<byte[], byte[]> context, Duration shortest, Runnable look) {
    this.context = context;
    this.shortest = shortest;
    this.look = look;
  }

  /** Looks as often as possible. */
  void often() {
    after(shortest);
  }

  /** Looks after this pause, and again after each further one; not more often than possible. */
  void after(Duration pause) {
    Duration wanted = pause.compareTo(shortest) < 0 ? shortest : pause;
    if (armed == null || !wanted.equals(every)) {
      stop();
      every = wanted;
      armed = context.schedule(wanted, PunctuationType.WALL_CLOCK_TIME, _ -> look.run());
    }
  }

  /** Looks no more. */
  void stop() {
    Cancellable current = armed;
    if (current != null) {
      current.cancel();
      armed = null;
    }
  }
}
