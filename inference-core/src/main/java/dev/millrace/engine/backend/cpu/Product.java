package dev.millrace.engine.backend.cpu;

/**
 * A matrix product of one {@link ProductShape} with weights in {@link PackedFormat}. A row's result
 * has the same bits whatever the number of rows and wherever the row stands. Thread-safe as long as
 * each worker number is used by one thread at a time.
 */
interface Product extends AutoCloseable {

  /** No product touches more rows than this at once, nor pads by as much. */
  int TILE_ROWS_MAX = 128;

  /**
   * Computes {@code rows} rows. Rows up to {@link #rowsTouched} may be read and written too: all
   * buffers have that much room.
   *
   * @param worker number of the calling worker
   * @param rows at least 1
   * @param src address of the first row
   * @param weights address of the packed weights
   * @param dst address of the first result, floats
   * @param upcoming address of the packed weights that this worker probably needs next, or 0
   */
  void run(int worker, int rows, long src, long weights, long dst, long upcoming);

  /** The same, if nobody knows what comes next. */
  default void run(int worker, int rows, long src, long weights, long dst) {
    run(worker, rows, src, weights, dst, 0);
  }

  /**
   * Rows that {@link #run} reads and writes when asked for {@code rows}: the same or a few more.
   */
  int rowsTouched(int rows);

  @Override
  void close();
}
