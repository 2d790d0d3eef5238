package dev.millrace.streams.processor;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where answers for one incarnation of a processor arrive, and the owner of what it has submitted.
 *
 * <p>{@link #post} may be called from any thread, the rest belongs to the stream thread. Once
 * closed, it drops what arrives: the task has a new incarnation, perhaps on another machine.
 */
final class Mailbox {

  /** An answer and the document it is for. */
  record Letter(PendingId id, Answer answer) {}

  private final BlockingQueue<Letter> letters;
  private final ProcessorMonitor monitor;
  private volatile boolean closed;

  /**
   * @param capacity most submissions that are unanswered at once
   */
  Mailbox(int capacity, ProcessorMonitor monitor) {
    this.letters = new LinkedBlockingQueue<>(capacity);
    this.monitor = monitor;
  }

  /** Leaves an answer. Never blocks. Call it once per submission. */
  void post(PendingId id, Answer answer) {
    if (closed) {
      monitor.staleCompletion();
      return;
    }
    if (!letters.offer(new Letter(id, answer))) {
      // There is a place for each submission: somebody answered twice.
      monitor.staleCompletion();
    }
  }

  /** The next letter, or null if there is none. */
  @Nullable Letter poll() {
    return letters.poll();
  }

  /** The next letter, or null if none came in time. */
  @Nullable Letter poll(long nanos) throws InterruptedException {
    return letters.poll(nanos, TimeUnit.NANOSECONDS);
  }

  boolean closed() {
    return closed;
  }

  void close() {
    closed = true;
    letters.clear();
  }
}
