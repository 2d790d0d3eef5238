package dev.millrace.streams.processor;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How much all stream tasks together may have in the enricher's hands: documents and their bytes,
 * or one document and nothing else. Thread-safe because every method holds its monitor for a
 * moment. Never blocks; one document is always admitted, however large.
 */
public final class Permits {
  private final long documentsMax;
  private final long bytesMax;
  private long documents;
  private long bytes;
  private @Nullable Object loner;
  private boolean alone;

  /**
   * @param documentsMax at least one
   * @param bytesMax at least one
   */
  public Permits(long documentsMax, long bytesMax) {
    if (documentsMax < 1 || bytesMax < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "documentsMax and bytesMax must be at least 1, got %d and %d",
              documentsMax,
              bytesMax));
    }
    this.documentsMax = documentsMax;
    this.bytesMax = bytesMax;
  }

  /** Takes a permit for a document of {@code size} bytes, if there is one. */
  synchronized boolean tryAcquire(int size) {
    if (loner != null || documents >= documentsMax || (bytes > 0 && bytes + size > bytesMax)) {
      return false;
    }
    documents++;
    bytes += size;
    return true;
  }

  /** Gives a permit back. */
  synchronized void release(int size) {
    bytes -= size;
    documents--;
  }

  /**
   * Takes the only permit there is, once all others are back. Until then, and until {@link
   * #releaseAlone}, nobody gets one: ask again.
   *
   * @param owner who asks; the first who does comes first
   */
  synchronized boolean tryAcquireAlone(Object owner) {
    if (loner == null) {
      loner = owner;
    }
    if (!owner.equals(loner) || documents > 0 || alone) {
      return false;
    }
    alone = true;
    return true;
  }

  /** Gives the only permit back, or the wish for it. Does nothing for others than its owner. */
  synchronized void releaseAlone(Object owner) {
    if (owner.equals(loner)) {
      loner = null;
      alone = false;
    }
  }

  /** Documents that hold a permit. */
  public synchronized long documentsHeld() {
    return documents + (alone ? 1 : 0);
  }
}
