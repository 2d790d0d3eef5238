package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.cuda.WeightFormat.Kind;
import java.util.HashSet;
import java.util.Set;

/**
 * Chooses and launches the matrix products. Rows for FP8 weights are rounded to FP8 on the way,
 * into scratch memory. In f32 a product is the sum of those of the operands' terms. Owned by the
 * engine thread.
 */
final class Products {

  private static final int THREADS = 128;
  private static final int HOPPER = 9;
  private static final int FLOAT8_STEP = 16;
  private static final int QUANTISE_ROWS_OF_A_BLOCK = 4;
  private static final int NORM_THREADS = 256;
  private static final int NORM_SHARED_BYTES = 64;

  /** The stamp of rows that no norm wrote. */
  static final long NO_STAMP = 0;

  private static final int SWIGLU_THREADS = 256;
  private static final int SWIGLU_ELEMENTS = 1024;
  private static final int SWIGLU_BLOCKS_MAX = 4096;

  private final Work work;
  private final Device device;
  private final Precision precision;
  private long pairElements;
  private long pairs;
  private long float8Elements;
  private int float8Rows;
  private final Set<Integer> float8Widths = new HashSet<>();
  private long float8;
  private long float8Scales;
  private long stamps;
  private long stampInFloat8 = NO_STAMP;
  private long roundings;

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
   * @param plane elements from one plane of terms to the next
   * @param stride elements from row to row
   * @param count device address of their number
   * @param capacity most of them
   * @param stamp of rows that {@link #norm} wrote and nobody since, else {@link #NO_STAMP}
   */
  record Operand(long address, long plane, int stride, long count, int capacity, long stamp) {

    /** Rows that no norm wrote. */
    Operand(long address, long plane, int stride, long count, int capacity) {
      this(address, plane, stride, count, capacity, NO_STAMP);
    }
  }

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

    /** Device address of the number of rows of all groups. */
    long count() {
      return offsets == 0 ? rows : offsets + (long) groups * Integer.BYTES;
    }
  }

  Products(Work work, Device device, Precision precision) {
    this.work = work;
    this.device = device;
    this.precision = precision;
  }

  /** Precision of the operands. */
  Precision precision() {
    return precision;
  }

  /** Takes note of a matrix that rows will go through. */
  void expect(PackedMatrix matrix, int rows) {
    if (matrix.format().kind() == Kind.FP8) {
      float8Elements = Math.max(float8Elements, (long) rows * float8Stride(matrix.inputs()));
      float8Rows = Math.max(float8Rows, rows);
      float8Widths.add(matrix.inputs());
    }
  }

  /** Takes note of channels, of all rows together, that SwiGLU blocks compute in one launch. */
  void expectPairs(long channels) {
    pairElements = precision == Precision.F32 ? Math.max(pairElements, 2 * channels) : 0;
  }

  private static int float8Stride(int inputs) {
    return Math.ceilDiv(inputs, FLOAT8_STEP) * FLOAT8_STEP;
  }

  /** Bytes that {@link #allocate} will take. */
  long scratchBytes() {
    return float8Elements + (long) float8Rows * Float.BYTES + pairElements * Float.BYTES;
  }

  /** Allocates scratch memory, if any matrix needs it. */
  void allocate(DevicePool pool) {
    if (pairElements > 0) {
      pairs = pool.allocate(pairElements * Float.BYTES, "gates and ups in f32");
    }
    if (float8Rows > 0) {
      String what = "rows in FP8";
      float8 = pool.allocate(float8Elements, what);
      float8Scales = pool.allocate((long) float8Rows * Float.BYTES, what);
    }
  }

  /**
   * {@code out = norm of hidden * weight}. Where rows as wide go through FP8 weights, they are
   * rounded to FP8 at once, into the scratch memory, to the bits that rounding them later gives.
   *
   * @param hidden f32 rows
   */
  void norm(long hidden, NormWeight weight, float epsilon, StepShape step, CudaRows out) {
    int width = weight.size();
    boolean inFloat8 = float8Widths.contains(width) && float8Stride(width) == width;
    Arguments arguments =
        work.arguments().pointer(hidden).pointer(weight.address()).pointer(out.resultsToWrite());
    if (inFloat8) {
      arguments.pointer(float8).pointer(float8Scales);
      stampInFloat8 = ++stamps;
      out.stamp(stampInFloat8);
    }
    arguments.pointer(step.control()).number(width).real(epsilon);
    String kernel = inFloat8 ? "mr_norm_e4m3" : precision.kernel("mr_norm");
    work.launch(work.kernel(kernel), Grid.of(step.capacity(), NORM_THREADS, NORM_SHARED_BYTES));
  }

  /** Launches so far that did nothing but round rows to FP8. */
  long roundings() {
    return roundings;
  }

  /**
   * {@code out (+)= weight * in}.
   *
   * @param out f32 rows of {@code weight.outputs()} elements
   */
  void multiply(Operand in, PackedMatrix weight, Grouping grouping, long out, boolean adding) {
    multiply(in, weight, grouping, out, weight.outputs(), adding);
  }

  /** All pairs of terms that matter, from the smallest products to the largest. */
  private void multiply(
      Operand in, PackedMatrix weight, Grouping grouping, long out, int width, boolean adding) {
    int stride = rounded(in, weight);
    boolean more = adding;
    for (int sum = precision.terms() - 1; sum >= 0; sum--) {
      for (int ofWeight = 0; ofWeight <= sum && ofWeight < weight.format().terms(); ofWeight++) {
        start(out, in, sum - ofWeight, weight, ofWeight, grouping)
            .pointer(grouping.target())
            .number(grouping.groups())
            .number(width)
            .number(weight.packedRows())
            .number(weight.packedInputs())
            .number(stride)
            .number(width)
            .number(more ? 1 : 0);
        launch("mr_gemm_", weight, grouping);
        more = true;
      }
    }
  }

  /**
   * {@code out = silu(gate in) * (up in)}, both scaled by the row's score.
   *
   * @param width channels of the result
   * @param out bf16 rows of {@code outStride} elements; in f32 their terms, in planes as large as
   *     all rows of the grouping's capacity
   */
  void swiGlu(
      Operand in, PackedMatrix gateUp, Grouping grouping, int width, long out, int outStride) {
    if (precision == Precision.F32) {
      multiply(in, gateUp, grouping, pairs, 2 * outStride, false);
      swiGluOfPairs(grouping, out, outStride);
      return;
    }
    int stride = rounded(in, gateUp);
    start(out, in, 0, gateUp, 0, grouping)
        .pointer(grouping.score())
        .number(grouping.groups())
        .number(width)
        .number(gateUp.packedRows())
        .number(gateUp.packedInputs())
        .number(stride)
        .number(outStride);
    launch("mr_swiglu_", gateUp, grouping);
  }

  private void swiGluOfPairs(Grouping grouping, long out, int outStride) {
    long elements = (long) grouping.capacity() * outStride;
    work.arguments()
        .pointer(out)
        .pointer(pairs)
        .pointer(grouping.score())
        .pointer(grouping.count())
        .wide(elements)
        .number(outStride);
    int blocks = (int) Math.min(SWIGLU_BLOCKS_MAX, Math.ceilDiv(elements, SWIGLU_ELEMENTS));
    work.launch(work.kernel("mr_swiglu_terms"), Grid.of(blocks, SWIGLU_THREADS, 0));
  }

  /** Rounds the rows if the weight wants that; elements from row to row. */
  private int rounded(Operand in, PackedMatrix weight) {
    if (weight.format().kind() != Kind.FP8) {
      return in.stride();
    }
    int stride = float8Stride(weight.inputs());
    if (in.stamp() != NO_STAMP && in.stamp() == stampInFloat8) {
      return stride;
    }
    stampInFloat8 = NO_STAMP;
    roundings++;
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

  /** The arguments that all products begin with, for one term of each operand. */
  private Arguments start(
      long out, Operand in, int ofRows, PackedMatrix weight, int ofWeight, Grouping grouping) {
    Arguments arguments = work.arguments().pointer(out);
    if (weight.format().kind() == Kind.FP8) {
      arguments.pointer(float8).pointer(float8Scales);
    } else {
      arguments.pointer(in.address() + ofRows * in.plane() * Short.BYTES);
    }
    return arguments
        .pointer(weight.table() + (long) ofWeight * grouping.groups() * Long.BYTES)
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
