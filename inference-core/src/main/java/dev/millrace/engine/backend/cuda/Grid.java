package dev.millrace.engine.backend.cuda;

import java.util.Locale;

/**
 * How a kernel is launched. Blocks have one dimension.
 *
 * @param x blocks
 * @param y blocks
 * @param z blocks
 * @param threads threads of a block
 * @param sharedBytes shared memory of a block
 */
record Grid(int x, int y, int z, int threads, int sharedBytes) {

  /** A row of blocks. */
  static Grid of(int blocks, int threads, int sharedBytes) {
    return new Grid(blocks, 1, 1, threads, sharedBytes);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d x %d x %d blocks of %d threads, %d bytes shared",
        x,
        y,
        z,
        threads,
        sharedBytes);
  }
}
