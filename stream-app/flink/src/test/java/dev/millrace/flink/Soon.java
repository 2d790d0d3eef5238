package dev.millrace.flink;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What Flink does a moment after a job has ended. */
final class Soon {
  private static final int LOOKS_MAX = 1000;

  private Soon() {}

  /** Whether it holds within ten seconds. */
  static boolean holds(BooleanSupplier condition) throws InterruptedException {
    for (int look = 0; look < LOOKS_MAX && !condition.getAsBoolean(); look++) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    return condition.getAsBoolean();
  }
}
