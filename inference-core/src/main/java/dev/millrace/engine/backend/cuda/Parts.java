package dev.millrace.engine.backend.cuda;

import java.util.stream.IntStream;

/** Shares the reading of weights among threads, for they wait for disks. Pure functions. */
final class Parts {

  private static final long ALONE_BYTES = 1L << 20;
  private static final int PARTS = 8;

  /** Works on a range. */
  interface Range {
    void run(int from, int to);
  }

  private Parts() {}

  /** Runs over {@code 0 .. count - 1}, in parts if it is much; returns when all is done. */
  static void run(int count, long bytes, Range range) {
    int parts = bytes < ALONE_BYTES ? 1 : Math.min(PARTS, count);
    if (parts == 1) {
      range.run(0, count);
      return;
    }
    IntStream.range(0, parts)
        .parallel()
        .forEach(part ->
            range.run(
                (int) ((long) count * part / parts), (int) ((long) count * (part + 1) / parts)));
  }
}
