package dev.millrace.engine.backend.cuda;

/**
 * Sizes that steps are rounded up to where they run as graphs: 1, 2, 4, then multiples of 8. A
 * kernel's blocks beyond the real size leave at once. Pure functions.
 */
final class Buckets {

  /** Larger steps compute long enough to hide their launches. */
  static final int ROWS_MAX = 256;

  private static final int STEP = 8;

  private Buckets() {}

  /** The least bucket that holds {@code rows} rows. */
  static int capacity(int rows) {
    return rows <= 2 ? rows : rows <= 4 ? 4 : Math.ceilDiv(rows, STEP) * STEP;
  }
}
