package dev.millrace.streams.processor;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much all stream tasks together may have in the enricher's hands: documents and their bytes.
 * Thread-safe: two atomic counters. Never blocks; one document is always admitted, however large.
 */
public final class Permits {
  private final long documentsMax;
  private final long bytesMax;
  private final AtomicLong documents = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();

  /**
   * @param documentsMax at least one
   * @param bytesMax at least one
   */
  public Permits(long documentsMax, long bytesMax) {
    if (documentsMax < 1 || bytesMax < 1) {
      throw new IllegalArgumentException(
          "documentsMax and bytesMax must be at least 1, got %d and %d"
              .formatted(documentsMax, bytesMax));
    }
    this.documentsMax = documentsMax;
    this.bytesMax = bytesMax;
  }

  /** Takes a permit for a document of {@code size} bytes, if there is one. */
  boolean tryAcquire(int size) {
    if (documents.incrementAndGet() > documentsMax) {
      documents.decrementAndGet();
      return false;
    }
    long before = bytes.getAndAdd(size);
    if (before > 0 && before + size > bytesMax) {
      bytes.addAndGet(-size);
      documents.decrementAndGet();
      return false;
    }
    return true;
  }

  /** Gives a permit back. */
  void release(int size) {
    bytes.addAndGet(-size);
    documents.decrementAndGet();
  }

  /** Documents that hold a permit. */
  public long documentsHeld() {
    return documents.get();
  }
}
