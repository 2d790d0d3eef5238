package dev.millrace.engine.device;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says how far the digest of a large model has come: reading hundreds of gigabytes takes minutes. A
 * small model passes silently. Thread-safe.
 */
final class DigestProgress implements LongConsumer {
  private static final Logger LOG = LoggerFactory.getLogger(DigestProgress.class);
  private static final long STEP_BYTES = 10L << 30;

  private final AtomicLong announced = new AtomicLong();

  @Override
  public void accept(long bytes) {
    long steps = bytes / STEP_BYTES;
    long before = announced.get();
    if (steps > before && announced.compareAndSet(before, steps)) {
      LOG.info("reading the model for its digest: {} GiB so far", bytes >> 30);
    }
  }
}
