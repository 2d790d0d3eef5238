package dev.millrace.engine.backend.cuda;

import java.util.EnumMap;
import java.util.Map;

/** Counts the driver's objects that are open, so that a test can see a leak. Thread-safe. */
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

  private int failedReleases;

  synchronized void opened(Kind kind) {
    open.merge(kind, 1, Integer::sum);
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
