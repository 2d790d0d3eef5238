package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.Rows;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/**
 * Activations: as floats, and as operands of the next product where those are narrower. Each
 * operation writes one or both; the other is derived when somebody asks. Owned by the engine
 * thread.
 */
final class CpuRows implements Rows {

  private static final int ROWS_PER_TASK = 32;

  private final int rowsMax;
  private final int width;
  private final ElementType operandType;
  private final MemorySegment floats;
  private final MemorySegment operands;
  private boolean floatsCurrent = true;
  private boolean operandsCurrent;

  /** Allocates room for {@code rowsMax} rows and what products touch behind them. */
  CpuRows(int rowsMax, int width, ElementType operandType, NativeMemory owner) {
    if (rowsMax < 1 || width < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "rows need at least one row and element, got %d by %d", rowsMax, width));
    }
    this.rowsMax = rowsMax;
    this.width = width;
    this.operandType = operandType;
    long elements = (long) (rowsMax + Product.TILE_ROWS_MAX) * width;
    floats = owner.allocate(elements * Float.BYTES);
    operands = operandType == ElementType.F32 ? floats : owner.allocate(elements * Short.BYTES);
  }

  @Override
  public int rowsMax() {
    return rowsMax;
  }

  @Override
  public int width() {
    return width;
  }

  boolean sharesStorage() {
    return operandType == ElementType.F32;
  }

  /** The floats, to be overwritten: operands become stale. */
  MemorySegment floatsToWrite() {
    floatsCurrent = true;
    operandsCurrent = false;
    return floats;
  }

  /** The operands, to be overwritten: floats become stale. */
  MemorySegment operandsToWrite() {
    operandsCurrent = true;
    floatsCurrent = sharesStorage();
    return operands;
  }

  /** Both, to be overwritten with the same values. */
  void bothWritten() {
    floatsCurrent = true;
    operandsCurrent = true;
  }

  MemorySegment floatsStorage() {
    return floats;
  }

  MemorySegment operandsStorage() {
    return operands;
  }

  /** The first {@code rows} rows as floats. */
  MemorySegment floats(int rows, WorkerPool pool) {
    if (!floatsCurrent) {
      forEachGroup(
          rows,
          pool,
          (from, count) ->
              RowMath.widen(operands, 2L * from * width, floats, 4L * from * width, count * width));
      floatsCurrent = true;
    }
    return floats;
  }

  /** The first {@code rows} rows as operands. */
  MemorySegment operands(int rows, WorkerPool pool) {
    if (!operandsCurrent && !sharesStorage()) {
      forEachGroup(
          rows,
          pool,
          (from, count) ->
              RowMath.convert(
                  floats,
                  4L * from * width,
                  operands,
                  2L * from * width,
                  count * width,
                  1f,
                  operandType));
      operandsCurrent = true;
    }
    return operands;
  }

  /** Row {@code i} becomes what row {@code rows[i]} was; {@code rows} ascend. */
  void keep(int[] rows) {
    for (int i = 0; i < rows.length; i++) {
      // Ascending, so what is overwritten has been moved already or is left out.
      if (rows[i] != i && floatsCurrent) {
        move(floats, rows[i], i, Float.BYTES);
      }
      if (rows[i] != i && operandsCurrent && !sharesStorage()) {
        move(operands, rows[i], i, Short.BYTES);
      }
    }
  }

  private void move(MemorySegment values, int from, int to, int elementBytes) {
    long bytes = (long) width * elementBytes;
    MemorySegment.copy(values, from * bytes, values, to * bytes, bytes);
  }

  private interface Group {
    void run(int from, int count);
  }

  private static void forEachGroup(int rows, WorkerPool pool, Group group) {
    int groups = (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    pool.run(
        groups,
        (worker, index) -> {
          int from = index * ROWS_PER_TASK;
          group.run(from, Math.min(ROWS_PER_TASK, rows - from));
        });
  }
}
