package dev.millrace.streams.topology;

import dev.millrace.records.UnwritableException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces a stream thread that died, but not for ever: a fault that comes back at once would only
 * be repeated. A full disk is no such fault: it is waited for. Called by dying stream threads;
 * thread-safe because what it changes is synchronised.
 */
public final class ThreadRestarts implements StreamsUncaughtExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(ThreadRestarts.class);
  private static final List<String> DISK_FAULTS =
      List.of("No space left on device", "Read-only file system", "Disk quota exceeded");

  private static final Duration SOON = Duration.ofSeconds(10);

  private final int restartsMax;
  private final Duration window;
  private final LongSupplier nanoClock;
  private final World world;
  private final Deque<Long> restarts = new ArrayDeque<>();
  private boolean learnedOnce;
  private long learnedNanos;

  /** What a fault may be due to, and who hears of it. */
  public interface World {
    /**
     * A thread died because a topic refused a record's timestamp or size: its settings have
     * changed. Called before it is replaced.
     *
     * @return whether others are known now: then the death does not count, nor do those of other
     *     threads soon after, for the same
     */
    boolean refused();

    /**
     * Whether the disk of the pending stores can be written to: not every fault names its cause.
     */
    boolean diskIsWell();

    /**
     * Waits until the disk of the pending stores is well again, for some seconds at most: the group
     * gives up a member that is silent for longer.
     *
     * @return what is wrong with it still, or was; empty if nothing is known to be
     */
    String awaitDisk();

    /** Only a restart of the process helps. */
    void broken(String why);
  }

  /**
   * @param restartsMax restarts allowed within {@code window}
   */
  public ThreadRestarts(int restartsMax, Duration window, LongSupplier nanoClock, World world) {
    this.restartsMax = restartsMax;
    this.window = window;
    this.nanoClock = nanoClock;
    this.world = world;
  }

  @Override
  public StreamThreadExceptionResponse handle(Throwable fault) {
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
    // Kafka Streams forgets the stream task that was being opened, with its lock: no other thread
    // could open it.
    if (hasCause(fault, Error.class)) {
      String why =
          hasCause(fault, LinkageError.class) ? NativeLibraries.problem(fault) : "" + fault;
      LOG.error(
          "a stream thread died of what only a restart helps against: stopping: {}", why, fault);
      world.broken(why);
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    if (isOfDisk(fault) || !world.diskIsWell()) {
      LOG.warn(
          "a stream thread died because of the disk and is replaced when that is well: {}",
          fault.getMessage());
      String disk = world.awaitDisk();
      LOG.info("a stream thread is replaced; the disk: {}", disk.isEmpty() ? "well" : disk);
      return StreamThreadExceptionResponse.REPLACE_THREAD;
    }
    return count(fault);
  }

  private synchronized StreamThreadExceptionResponse count(Throwable fault) {
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
    if (world.refused()) {
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

  /** Whether a fault says that the disk is full, or cannot be written to any more. */
  static boolean isOfDisk(Throwable fault) {
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      if (cause instanceof RocksDBException found
          && found.getStatus() != null
          && found.getStatus().getSubCode() == Status.SubCode.NoSpace) {
        return true;
      }
      String message = cause.getMessage();
      if ((cause instanceof RocksDBException || cause instanceof IOException)
          && message != null
          && DISK_FAULTS.stream().anyMatch(message::contains)) {
        return true;
      }
    }
    return false;
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
