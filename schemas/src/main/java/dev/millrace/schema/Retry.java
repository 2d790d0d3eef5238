package dev.millrace.schema;

import dev.millrace.schema.RegistryException.Kind;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Tries again for a bounded time: waits grow from 50 ms by half to 2 s, each cut at random to
 * between half and the whole, so that clients of a registry that comes back do not come all at
 * once.
 *
 * <p>Thread-safe if the random generator is.
 */
final class Retry {

  private static final Duration FIRST = Duration.ofMillis(50);
  private static final Duration LONGEST = Duration.ofSeconds(2);

  /** As {@link Thread#sleep(Duration)}. */
  interface Sleeper {
    void sleep(Duration duration) throws InterruptedException;
  }

  private final Duration patience;
  private final LongSupplier nanoClock;
  private final Sleeper sleeper;
  private final RandomGenerator random;

  Retry(Duration patience, LongSupplier nanoClock, Sleeper sleeper, RandomGenerator random) {
    this.patience = patience;
    this.nanoClock = nanoClock;
    this.sleeper = sleeper;
    this.random = random;
  }

  /**
   * The result of the first try that is not {@link Kind#UNAVAILABLE}; the last such failure if time
   * is up, or the thread was interrupted (it stays so).
   */
  <T> T call(Supplier<T> attempt) {
    long begin = nanoClock.getAsLong();
    Duration wait = FIRST;
    while (true) {
      try {
        return attempt.get();
      } catch (RegistryException e) {
        Duration pause = wait.multipliedBy(500 + random.nextInt(501)).dividedBy(1000);
        long used = nanoClock.getAsLong() - begin;
        if (e.kind() != Kind.UNAVAILABLE || used + pause.toNanos() > patience.toNanos()) {
          throw e;
        }
        try {
          sleeper.sleep(pause);
        } catch (InterruptedException interrupt) {
          Thread.currentThread().interrupt();
          throw e;
        }
        wait = min(wait.multipliedBy(3).dividedBy(2), LONGEST);
      }
    }
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }
}
