package dev.millrace.streams;

import dev.millrace.operations.OperationException;
import dev.millrace.operations.host.StateDisk;
import dev.millrace.streams.topology.ThreadRestarts;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** What the death of a stream thread means for the application. Thread-safe. */
final class ThreadFaults implements ThreadRestarts.World {
  /** Well below the time after which the group gives a member up that does not poll. */
  private static final Duration DISK_PATIENCE = Duration.ofSeconds(20);

  private static final Duration STEP = Duration.ofMillis(500);

  private final StateDisk disk;
  private final BooleanSupplier stopping;
  private final BooleanSupplier refused;
  private final Consumer<String> broken;

  /**
   * @param disk borrowed
   * @param stopping whether there is nothing to wait for any more
   */
  ThreadFaults(
      StateDisk disk, BooleanSupplier stopping, BooleanSupplier refused, Consumer<String> broken) {
    this.disk = disk;
    this.stopping = stopping;
    this.refused = refused;
    this.broken = broken;
  }

  @Override
  public boolean refused() {
    return refused.getAsBoolean();
  }

  @Override
  public boolean diskIsWell() {
    try {
      disk.check();
      return true;
    } catch (OperationException e) {
      return false;
    }
  }

  @Override
  public String awaitDisk() {
    long deadline = System.nanoTime() + DISK_PATIENCE.toNanos();
    try {
      do {
        // A new thread restores its stream tasks, which takes room: so not at once.
        TimeUnit.NANOSECONDS.sleep(STEP.toNanos());
        if (diskIsWell()) {
          return "";
        }
      } while (!stopping.getAsBoolean() && deadline - System.nanoTime() > 0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return disk.problem();
  }

  @Override
  public void broken(String why) {
    broken.accept(why);
  }
}
