package dev.millrace.engine.backend.cuda;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts the driver's objects that are open, and the bytes of device memory, so that a test can see
 * a leak and a message can say what this process holds. Thread-safe.
 */
final class Ledger {

  /** What the driver hands out. */
  enum Kind {
    CONTEXT,
    MODULE,
    DEVICE_MEMORY,
    HOST_MEMORY,
    STREAM,
    EVENT,
    GRAPH,
    EXECUTABLE_GRAPH
  }

  private final EnumMap<Kind, Integer> open = new EnumMap<>(Kind.class);

  private final Map<Long, Long> deviceMemory = new HashMap<>();
  private long deviceBytes;
  private long devicePeak;
  private int failedReleases;

  synchronized void opened(Kind kind) {
    open.merge(kind, 1, Integer::sum);
  }

  /** Device memory was taken. */
  synchronized void openedMemory(long address, long bytes) {
    opened(Kind.DEVICE_MEMORY);
    deviceMemory.put(address, bytes);
    deviceBytes += bytes;
    devicePeak = Math.max(devicePeak, deviceBytes);
  }

  /** Device memory was given back; {@code cleanly} if the driver agreed. */
  synchronized void closedMemory(long address, boolean cleanly) {
    closed(Kind.DEVICE_MEMORY, cleanly);
    Long bytes = deviceMemory.remove(address);
    deviceBytes -= bytes == null ? 0 : bytes;
  }

  /** Bytes of device memory that are held. */
  synchronized long deviceBytes() {
    return deviceBytes;
  }

  /** Most bytes that were held at once since the last call. */
  synchronized long takeDevicePeak() {
    long peak = devicePeak;
    devicePeak = deviceBytes;
    return peak;
  }

  /**
   * Takes note of a release.
   *
   * @param cleanly whether the driver agreed
   */
  synchronized void closed(Kind kind, boolean cleanly) {
    if (!cleanly) {
      failedReleases++;
    }
    if (open.merge(kind, -1, Integer::sum) == 0) {
      open.remove(kind);
    }
  }

  /** Releases that the driver refused: none, unless a device failed before. */
  synchronized int failedReleases() {
    return failedReleases;
  }

  /** What is open, by kind; a kind with nothing open is absent. */
  synchronized Map<Kind, Integer> open() {
    return new EnumMap<>(open);
  }
}
