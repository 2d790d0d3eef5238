package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.Rows;
import java.util.Locale;

/**
 * Activations: as floats, and as operands of the next product, in bf16 or in planes of bf16 terms.
 * Each operation writes one of the two; the other is made when somebody asks. After rotation the
 * operands' memory holds the queries instead. Owned by the engine thread.
 */
final class CudaRows implements Rows {

  /** Elements that are read at once: a row of operands begins at a multiple of 16 bytes. */
  private static final int WIDTH_STEP = 8;

  private static final int CONVERT_THREADS = 256;
  private static final int KEEP_THREADS = 64;
  private static final int KEEP_WORD_BYTES = 16;

  /** Which form holds the values. */
  private enum Current {
    FLOATS,
    OPERANDS,
    BOTH,
    QUERIES
  }

  private final int rowsMax;
  private final int width;
  private final Precision precision;
  private final long plane;
  private final long floats;
  private final long operands;
  private Current current = Current.FLOATS;
  private int queryWidth;
  private long stamp = Products.NO_STAMP;

  /** Allocates room for {@code rowsMax} rows, rounded up to what a graph may touch. */
  CudaRows(int rowsMax, int width, Precision precision, DevicePool pool) {
    if (rowsMax < 1 || width < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "rows need at least one row and element, got %d by %d", rowsMax, width));
    }
    if (width % WIDTH_STEP != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the cuda backend computes with rows of a multiple of %d elements, got %d",
              WIDTH_STEP,
              width));
    }
    this.rowsMax = rowsMax;
    this.width = width;
    this.precision = precision;
    plane = (long) Buckets.capacity(rowsMax) * width;
    String what = String.format(Locale.ROOT, "activations of %d rows of %d", rowsMax, width);
    floats = pool.allocate(plane * Float.BYTES, what);
    operands = pool.allocate(plane * precision.operandBytes(), what);
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
    stamp = Products.NO_STAMP;
    current = Current.FLOATS;
    return floats;
  }

  /** Where norm and attention write: the operands if those are bf16, else the floats. */
  long resultsToWrite() {
    if (precision == Precision.F32) {
      return floatsToWrite();
    }
    stamp = Products.NO_STAMP;
    current = Current.OPERANDS;
    return operands;
  }

  /** Marks what was just written, until something else is written. */
  void stamp(long value) {
    stamp = value;
  }

  /** The mark of what is there. */
  long stamp() {
    return stamp;
  }

  /** Elements from one plane of the operands' terms to the next. */
  long plane() {
    return plane;
  }

  /** Memory for queries of so many elements a row, to be written while the floats are read. */
  long queriesToWrite(int elements) {
    stamp = Products.NO_STAMP;
    current = Current.QUERIES;
    queryWidth = elements;
    return operands;
  }

  /** The queries that rotation left. */
  long queries() {
    if (current != Current.QUERIES) {
      throw new IllegalStateException("rotateAndStore() comes before attend()");
    }
    return operands;
  }

  /**
   * Row {@code i} becomes what the i-th selected row was, in what is there: floats, or queries
   * after rotation.
   *
   * @param selection address of a {@link RowSelection} that ascends
   * @param rows rows that there are
   */
  void keep(long selection, int rows, Work work) {
    long values = operands;
    long rowBytes = (long) queryWidth * precision.bytes();
    if (current != Current.QUERIES) {
      values = floats(rows, work);
      rowBytes = (long) width * Float.BYTES;
      current = Current.FLOATS;
    }
    stamp = Products.NO_STAMP;
    int words = Math.toIntExact(rowBytes / KEEP_WORD_BYTES);
    work.arguments().pointer(values).pointer(selection).number(words);
    work.launch(
        work.kernel("mr_rows_keep"), Grid.of(Math.ceilDiv(words, KEEP_THREADS), KEEP_THREADS, 0));
  }

  /**
   * Copies the first rows to the host, and waits; after rotation the queries: what is left of keys
   * and values is then undefined.
   */
  void read(float[] values, Work work, Transfers transfers) {
    int count = values.length / width;
    long from = current == Current.QUERIES ? operands : floats(count, work);
    work.flush();
    if (current != Current.QUERIES) {
      transfers.read(from, values, 0, values.length);
      return;
    }
    for (int row = 0; row < count; row++) {
      long at = from + (long) row * queryWidth * precision.bytes();
      if (precision == Precision.F32) {
        transfers.read(at, values, row * width, queryWidth);
      } else {
        transfers.readBFloat16(at, values, row * width, queryWidth);
      }
    }
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
      if (precision == Precision.F32) {
        toTerms(work, floats, operands, plane, rows, width);
      } else {
        convert(work, "mr_rows_to_bf16", floats, operands, rows);
      }
      current = Current.BOTH;
    }
    return operands;
  }

  /** Takes f32 rows apart into three planes of bf16 terms. */
  static void toTerms(Work work, long from, long to, long plane, int rows, int width) {
    work.arguments().pointer(from).pointer(to).wide(plane).number(width);
    work.launch(work.kernel("mr_rows_to_terms"), Grid.of(rows, CONVERT_THREADS, 0));
  }

  private void convert(Work work, String kernel, long from, long to, int rows) {
    work.arguments().pointer(from).pointer(to).wide(width).wide(width).number(width);
    work.launch(work.kernel(kernel), Grid.of(rows, CONVERT_THREADS, 0));
  }
}
