package dev.millrace.engine.backend.cuda;

/** What this process holds of a GPU, for tests of other packages. */
public final class HeldDeviceMemory {
  private HeldDeviceMemory() {}

  /** Bytes of device memory. */
  public static long bytes() {
    return Driver.ledger().deviceBytes();
  }

  /** Open objects of the driver: contexts, modules, memory, streams, events, graphs. */
  public static int objects() {
    return Driver.ledger().open().values().stream().mapToInt(Integer::intValue).sum();
  }
}
