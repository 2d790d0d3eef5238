package dev.millrace.streams.processor;

import java.util.Map;

/**
 * For a while after its start, a stream task submits a document only once its pending record is
 * committed. A document that ends the process at once would otherwise be consumed again by the next
 * one as if it had never been seen, and never be counted. It costs latency, not throughput, and
 * that only at the start: what ended an earlier process comes back then. Owned by the stream
 * thread.
 */
final class CarefulStart {
  /** Between two commits; one takes some ten milliseconds of the stream thread. */
  private static final long COMMIT_MILLIS = 100;

  private final long overMillis;

  /** By topic, offsets below which documents are committed, or will be at the next look. */
  private Map<String, Long> committed = Map.of();

  private Map<String, Long> requested = Map.of();
  private long requestedMillis;

  /**
   * @param overMillis wall clock at which it is over
   */
  CarefulStart(long overMillis) {
    this.overMillis = overMillis;
  }

  /** Whether a document may be submitted at once when it arrives. */
  boolean isOver(long nowMillis) {
    return nowMillis >= overMillis;
  }

  /** What was to be committed at the end of the look before this one is committed now. */
  void beginLook() {
    committed = requested;
  }

  /** Whether a parked document may be submitted. */
  boolean allows(PendingId id, long nowMillis) {
    return isOver(nowMillis) || id.offset() < committed.getOrDefault(id.topic(), 0L);
  }

  /**
   * Whether a commit is to be requested at the end of a look.
   *
   * @param store says up to where documents were stored
   */
  boolean endLook(PendingStore store, long nowMillis) {
    if (isOver(nowMillis) || nowMillis - requestedMillis < COMMIT_MILLIS) {
      return false;
    }
    Map<String, Long> ends = store.ends();
    if (ends.equals(requested)) {
      return false;
    }
    requested = ends;
    requestedMillis = nowMillis;
    return true;
  }
}
