package dev.millrace.streams.topology;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces a stream thread that died, but not for ever: a fault that comes back at once would only
 * be repeated. Called by dying stream threads; thread-safe because its one method is synchronised.
 */
public final class ThreadRestarts implements StreamsUncaughtExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(ThreadRestarts.class);

  private final int restartsMax;
  private final Duration window;
  private final LongSupplier nanoClock;
  private final Runnable onTimestampRefused;
  private final Deque<Long> restarts = new ArrayDeque<>();

  /**
   * @param restartsMax restarts allowed within {@code window}
   * @param onTimestampRefused runs before a thread is replaced that died because a topic refused a
   *     record's timestamp: its settings have changed
   */
  public ThreadRestarts(
      int restartsMax, Duration window, LongSupplier nanoClock, Runnable onTimestampRefused) {
    this.restartsMax = restartsMax;
    this.window = window;
    this.nanoClock = nanoClock;
    this.onTimestampRefused = onTimestampRefused;
  }

  @Override
  public synchronized StreamThreadExceptionResponse handle(Throwable fault) {
    if (hasCause(fault, MissingSourceTopicException.class)) {
      LOG.error(
          "the input topic is gone: stopping; a topic that is made again has to be accepted before"
              + " the next start (`millrace topics accept --config FILE`)",
          fault);
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    long now = nanoClock.getAsLong();
    while (!restarts.isEmpty() && now - restarts.getFirst() > window.toNanos()) {
      restarts.removeFirst();
    }
    if (restarts.size() >= restartsMax) {
      LOG.error(
          "a stream thread died for the {}. time within {}: stopping",
          restarts.size() + 1,
          window,
          fault);
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    if (hasCause(fault, InvalidTimestampException.class)) {
      onTimestampRefused.run();
    }
    restarts.addLast(now);
    LOG.warn(
        "a stream thread died and is replaced ({} of {} times within {})",
        restarts.size(),
        restartsMax,
        window,
        fault);
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  private static boolean hasCause(Throwable fault, Class<? extends Throwable> type) {
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }
}
