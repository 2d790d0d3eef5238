package dev.millrace.engine.backend.cuda;

import java.util.Arrays;

/**
 * A sequence of launches, written down with everything that defines them, so that two steps can be
 * compared launch by launch. Owned by the engine thread.
 */
final class LaunchTape {

  /** Words before a launch's arguments: kernel and count, grid, threads and shared memory. */
  private static final int HEADER = 4;

  private long[] words = new long[1024];
  private int length;

  /** Adds a launch. */
  void add(Kernel kernel, Grid grid, Arguments arguments) {
    int needed = length + HEADER + arguments.count();
    if (needed > words.length) {
      words = Arrays.copyOf(words, Math.max(needed, 2 * words.length));
    }
    words[length] = pair(kernel.index(), arguments.count());
    words[length + 1] = pair(grid.x(), grid.y());
    words[length + 2] = pair(grid.z(), grid.threads());
    words[length + 3] = grid.sharedBytes();
    arguments.copyTo(words, length + HEADER);
    length = needed;
  }

  private static long pair(int low, int high) {
    return Integer.toUnsignedLong(low) | ((long) high << Integer.SIZE);
  }

  private static int low(long pair) {
    return (int) pair;
  }

  private static int high(long pair) {
    return (int) (pair >>> Integer.SIZE);
  }

  boolean isEmpty() {
    return length == 0;
  }

  void clear() {
    length = 0;
  }

  /** Launches everything into a stream. */
  void play(KernelModule module, Arguments scratch, CudaStream stream) {
    int at = 0;
    while (at < length) {
      int arguments = high(words[at]);
      Grid grid =
          new Grid(
              low(words[at + 1]),
              high(words[at + 1]),
              low(words[at + 2]),
              high(words[at + 2]),
              (int) words[at + 3]);
      scratch.set(words, at + HEADER, arguments);
      module.kernel(low(words[at])).launch(grid, scratch, stream);
      at += HEADER + arguments;
    }
  }

  /** What is on the tape, to be compared and kept. */
  Content content() {
    return new Content(Arrays.copyOf(words, length));
  }

  /** Launches by value. Immutable. */
  static final class Content {
    private final long[] words;
    private final int hash;

    private Content(long[] words) {
      this.words = words;
      this.hash = Arrays.hashCode(words);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Content that && Arrays.equals(words, that.words);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }
}
