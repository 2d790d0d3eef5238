package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.cuda.WeightFormat.Kind;

/**
 * Chooses and launches the matrix products. Rows for FP8 weights are rounded to FP8 on the way,
 * into scratch memory. Owned by the engine thread.
 */
final class Products {

  private static final int THREADS = 128;
  private static final int HOPPER = 9;
  private static final int FLOAT8_STEP = 16;
  private static final int QUANTISE_ROWS_OF_A_BLOCK = 4;

  private final Work work;
  private final Device device;
  private long float8Elements;
  private int float8Rows;
  private long float8;
  private long float8Scales;

  /** A tile's rows, and what a block of it takes. */
  private enum Tile {
    N8(8, 64, 57344, 4, 2, 23552, 9, 6),
    N16(16, 64, 63488, 3, 2, 29696, 7, 5),
    N32(32, 64, 75776, 3, 2, 41984, 4, 3),
    N64(64, 128, 100352, 2, 1, 54272, 2, 2),
    N128(128, 128, 100352, 2, 1, 66560, 2, 2);

    private final int rows;
    private final int channels;
    private final int sharedBytes;
    private final int residentOnHopper;
    private final int residentBefore;
    private final int int4SharedBytes;
    private final int int4ResidentOnHopper;
    private final int int4ResidentBefore;

    Tile(
        int rows,
        int channels,
        int sharedBytes,
        int residentOnHopper,
        int residentBefore,
        int int4SharedBytes,
        int int4ResidentOnHopper,
        int int4ResidentBefore) {
      this.rows = rows;
      this.channels = channels;
      this.sharedBytes = sharedBytes;
      this.residentOnHopper = residentOnHopper;
      this.residentBefore = residentBefore;
      this.int4SharedBytes = int4SharedBytes;
      this.int4ResidentOnHopper = int4ResidentOnHopper;
      this.int4ResidentBefore = int4ResidentBefore;
    }

    /** Shared memory of a block. */
    int sharedBytes(Kind kind) {
      return kind == Kind.INT4 ? int4SharedBytes : sharedBytes;
    }

    /** Blocks that a multiprocessor holds. */
    int resident(Kind kind, boolean hopper) {
      if (kind == Kind.INT4) {
        return hopper ? int4ResidentOnHopper : int4ResidentBefore;
      }
      return hopper ? residentOnHopper : residentBefore;
    }

    /** The smallest that holds a usual group; every tile gives the same bits. */
    static Tile holding(int usualRows) {
      for (Tile tile : values()) {
        if (tile.rows >= usualRows) {
          return tile;
        }
      }
      return N128;
    }
  }

  /**
   * Rows that are multiplied.
   *
   * @param address bf16
   * @param stride elements from row to row
   * @param count device address of their number
   * @param capacity most of them
   */
  record Operand(long address, int stride, long count, int capacity) {}

  /**
   * Which rows go through which weights.
   *
   * @param offsets device address of the groups' first rows, or 0: one group of all rows
   * @param rows device address of the number of rows, read if there are no offsets
   * @param source device address of each row's row of the input, or 0
   * @param target device address of each row's row of the output, or 0
   * @param score device address of each row's factor, or 0
   * @param groups number of groups
   * @param capacity most rows of all groups together
   */
  record Grouping(
      long offsets, long rows, long source, long target, long score, int groups, int capacity) {

    /** One group of as many rows as the word at {@code rows} says. */
    static Grouping all(long rows, int capacity) {
      return new Grouping(0, rows, 0, 0, 0, 1, capacity);
    }
  }

  Products(Work work, Device device) {
    this.work = work;
    this.device = device;
  }

  /** Takes note of a matrix that rows will go through. */
  void expect(PackedMatrix matrix, int rows) {
    if (matrix.format().kind() == Kind.FP8) {
      float8Elements = Math.max(float8Elements, (long) rows * float8Stride(matrix.inputs()));
      float8Rows = Math.max(float8Rows, rows);
    }
  }

  private static int float8Stride(int inputs) {
    return Math.ceilDiv(inputs, FLOAT8_STEP) * FLOAT8_STEP;
  }

  /** Bytes that {@link #allocate} will take. */
  long scratchBytes() {
    return float8Elements + (long) float8Rows * Float.BYTES;
  }

  /** Allocates scratch memory, if any matrix needs it. */
  void allocate(DevicePool pool) {
    if (float8Rows > 0) {
      String what = "rows in FP8";
      float8 = pool.allocate(float8Elements, what);
      float8Scales = pool.allocate((long) float8Rows * Float.BYTES, what);
    }
  }

  /**
   * {@code out (+)= weight * in}.
   *
   * @param out f32 rows of {@code weight.outputs()} elements
   */
  void multiply(Operand in, PackedMatrix weight, Grouping grouping, long out, boolean adding) {
    int stride = rounded(in, weight);
    start(out, in, weight, grouping)
        .pointer(grouping.target())
        .number(grouping.groups())
        .number(weight.outputs())
        .number(weight.packedRows())
        .number(weight.packedInputs())
        .number(stride)
        .number(weight.outputs())
        .number(adding ? 1 : 0);
    launch("mr_gemm_", weight, grouping);
  }

  /**
   * {@code out = silu(gate in) * (up in)}, both scaled by the row's score.
   *
   * @param width channels of the result
   * @param out bf16 rows of {@code outStride} elements
   */
  void swiGlu(
      Operand in, PackedMatrix gateUp, Grouping grouping, int width, long out, int outStride) {
    int stride = rounded(in, gateUp);
    start(out, in, gateUp, grouping)
        .pointer(grouping.score())
        .number(grouping.groups())
        .number(width)
        .number(gateUp.packedRows())
        .number(gateUp.packedInputs())
        .number(stride)
        .number(outStride);
    launch("mr_swiglu_", gateUp, grouping);
  }

  /** Rounds the rows if the weight wants that; elements from row to row. */
  private int rounded(Operand in, PackedMatrix weight) {
    if (weight.format().kind() != Kind.FP8) {
      return in.stride();
    }
    int stride = float8Stride(weight.inputs());
    work.arguments()
        .pointer(float8)
        .pointer(float8Scales)
        .pointer(in.address())
        .pointer(in.count())
        .number(weight.inputs())
        .number(in.stride())
        .number(stride);
    work.launch(
        work.kernel("mr_quantize_rows_fp8"),
        Grid.of(Math.ceilDiv(in.capacity(), QUANTISE_ROWS_OF_A_BLOCK), THREADS, 0));
    return stride;
  }

  private Arguments start(long out, Operand in, PackedMatrix weight, Grouping grouping) {
    Arguments arguments = work.arguments().pointer(out);
    if (weight.format().kind() == Kind.FP8) {
      arguments.pointer(float8).pointer(float8Scales);
    } else {
      arguments.pointer(in.address());
    }
    return arguments
        .pointer(weight.table())
        .pointer(grouping.offsets())
        .pointer(grouping.rows())
        .pointer(grouping.source());
  }

  private void launch(String kernel, PackedMatrix weight, Grouping grouping) {
    WeightFormat format = weight.format();
    Tile tile = Tile.holding(Math.ceilDiv(grouping.capacity(), grouping.groups()));
    if (format.kind() == Kind.INT4) {
      work.more().number(format.group()).number(format.asymmetric() ? 1 : 0);
    }
    long rowTiles =
        grouping.groups() == 1
            ? Math.ceilDiv(grouping.capacity(), tile.rows)
            : Math.min(grouping.capacity(), grouping.capacity() / tile.rows + grouping.groups());
    long tiles = rowTiles * Math.ceilDiv(weight.packedRows(), tile.channels);
    int resident = tile.resident(format.kind(), device.major() >= HOPPER);
    int blocks = (int) Math.min(tiles, (long) device.multiprocessors() * resident);
    String name = kernel + format.kind().suffix() + "_n" + tile.rows;
    work.launch(work.kernel(name), Grid.of(blocks, THREADS, tile.sharedBytes(format.kind())));
  }
}
