package dev.millrace.streams.processor;

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
  private PendingId committed = PendingId.FIRST;
  private PendingId requested = PendingId.FIRST;
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
    return isOver(nowMillis) || id.compareTo(committed) < 0;
  }

  /**
   * Whether a commit is to be requested at the end of a look.
   *
   * @param end above all documents that were stored
   */
  boolean endLook(PendingId end, long nowMillis) {
    if (isOver(nowMillis)
        || end.compareTo(requested) <= 0
        || nowMillis - requestedMillis < COMMIT_MILLIS) {
      return false;
    }
    requested = end;
    requestedMillis = nowMillis;
    return true;
  }
}
