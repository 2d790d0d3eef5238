package dev.millrace.cli.demo;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Tells a slow device from a broken run: how long neither an outcome has come nor the engine has
 * computed a row. Owned by one thread.
 */
final class Stillness {

  /** Still for so long, something is broken that nobody reported. */
  static final Duration LIMIT = Duration.ofMinutes(5);

  private final LongSupplier nanoClock;
  private long outcomes;
  private double rows;
  private long movedNanos;

  Stillness(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    movedNanos = nanoClock.getAsLong();
  }

  /**
   * Looks how far things are now.
   *
   * @param outcomesNow outcomes so far
   * @param rowsNow rows that the engine has computed so far
   * @return whether nothing has moved for longer than {@link #LIMIT}
   */
  boolean tooLong(long outcomesNow, double rowsNow) {
    long now = nanoClock.getAsLong();
    if (outcomesNow != outcomes || rowsNow != rows) {
      outcomes = outcomesNow;
      rows = rowsNow;
      movedNanos = now;
    }
    return now - movedNanos > LIMIT.toNanos();
  }
}
