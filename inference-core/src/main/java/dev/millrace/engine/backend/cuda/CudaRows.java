package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.Rows;

/**
 * Activations: as floats, and in bf16 as operands of the next product. Each operation writes one of
 * the two; the other is made when somebody asks. After rotation the operands' memory holds the
 * queries instead. Owned by the engine thread.
 */
final class CudaRows implements Rows {

  /** Elements that are read at once: a row of operands begins at a multiple of 16 bytes. */
  private static final int WIDTH_STEP = 8;

  private static final int CONVERT_THREADS = 256;

  /** Which form holds the values. */
  private enum Current {
    FLOATS,
    OPERANDS,
    BOTH,
    QUERIES
  }

  private final int rowsMax;
  private final int width;
  private final long floats;
  private final long operands;
  private Current current = Current.FLOATS;
  private int queryWidth;

  /** Allocates room for {@code rowsMax} rows, rounded up to what a graph may touch. */
  CudaRows(int rowsMax, int width, DevicePool pool) {
    if (rowsMax < 1 || width < 1) {
      throw new IllegalArgumentException(
          "rows need at least one row and element, got %d by %d".formatted(rowsMax, width));
    }
    if (width % WIDTH_STEP != 0) {
      throw new IllegalArgumentException(
          "the cuda backend computes with rows of a multiple of %d elements, got %d"
              .formatted(WIDTH_STEP, width));
    }
    this.rowsMax = rowsMax;
    this.width = width;
    long elements = (long) Buckets.capacity(rowsMax) * width;
    String what = "activations of %d rows of %d".formatted(rowsMax, width);
    floats = pool.allocate(elements * Float.BYTES, what);
    operands = pool.allocate(elements * Short.BYTES, what);
  }

  @Override
  public int rowsMax() {
    return rowsMax;
  }

  @Override
  public int width() {
    return width;
  }

  /** The floats, to be overwritten. */
  long floatsToWrite() {
    current = Current.FLOATS;
    return floats;
  }

  /** The operands, to be overwritten. */
  long operandsToWrite() {
    current = Current.OPERANDS;
    return operands;
  }

  /** Memory for queries of so many elements a row, to be written while the floats are read. */
  long queriesToWrite(int elements) {
    current = Current.QUERIES;
    queryWidth = elements;
    return operands;
  }

  /** Elements of one row's queries. */
  int queryWidth() {
    return queryWidth;
  }

  /** The queries that rotation left. */
  long queries() {
    if (current != Current.QUERIES) {
      throw new IllegalStateException("rotateAndStore() comes before attend()");
    }
    return operands;
  }

  boolean holdsQueries() {
    return current == Current.QUERIES;
  }

  /** The first {@code rows} rows as floats, converted if need be. */
  long floats(int rows, Work work) {
    if (current == Current.QUERIES) {
      throw new IllegalStateException("these rows hold queries, keys and values after rotation");
    }
    if (current == Current.OPERANDS) {
      convert(work, "mr_rows_to_f32", operands, floats, rows);
      current = Current.BOTH;
    }
    return floats;
  }

  /** The first {@code rows} rows as operands, converted if need be. */
  long operands(int rows, Work work) {
    if (current == Current.QUERIES) {
      throw new IllegalStateException("these rows hold queries, keys and values after rotation");
    }
    if (current == Current.FLOATS) {
      convert(work, "mr_rows_to_bf16", floats, operands, rows);
      current = Current.BOTH;
    }
    return operands;
  }

  private void convert(Work work, String kernel, long from, long to, int rows) {
    work.arguments().pointer(from).pointer(to).wide(width).wide(width).number(width);
    work.launch(work.kernel(kernel), Grid.of(rows, CONVERT_THREADS, 0));
  }
}
