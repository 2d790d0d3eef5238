package dev.millrace.streams.topology;

import dev.millrace.records.UnwritableException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
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

  private static final Duration SOON = Duration.ofSeconds(10);

  private final int restartsMax;
  private final Duration window;
  private final LongSupplier nanoClock;
  private final BooleanSupplier onRefused;
  private final Deque<Long> restarts = new ArrayDeque<>();
  private boolean learnedOnce;
  private long learnedNanos;

  /**
   * @param restartsMax restarts allowed within {@code window}
   * @param onRefused runs before a thread is replaced that died because a topic refused a record's
   *     timestamp or size: its settings have changed; gives whether others are known now. Then the
   *     death does not count, nor do those of other threads soon after, for the same
   */
  public ThreadRestarts(
      int restartsMax, Duration window, LongSupplier nanoClock, BooleanSupplier onRefused) {
    this.restartsMax = restartsMax;
    this.window = window;
    this.nanoClock = nanoClock;
    this.onRefused = onRefused;
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
    if (hasCause(fault, UnwritableException.class)) {
      LOG.error("stopping, for nothing can be written: {}", message(fault));
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    long now = nanoClock.getAsLong();
    if (wasRefused(fault) && learned(now)) {
      LOG.warn(
          "a topic refused a record, as its settings have changed; a stream thread is replaced: {}",
          message(fault));
      return StreamThreadExceptionResponse.REPLACE_THREAD;
    }
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
    restarts.addLast(now);
    LOG.warn(
        "a stream thread died and is replaced ({} of {} times within {})",
        restarts.size(),
        restartsMax,
        window,
        fault);
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  private static boolean wasRefused(Throwable fault) {
    return hasCause(fault, InvalidTimestampException.class)
        || hasCause(fault, RecordTooLargeException.class);
  }

  private boolean learned(long now) {
    boolean soonAfter = learnedOnce && now - learnedNanos < SOON.toNanos();
    if (onRefused.getAsBoolean()) {
      learnedOnce = true;
      learnedNanos = now;
      return true;
    }
    return soonAfter;
  }

  private static String message(Throwable fault) {
    Throwable cause = fault;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
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
