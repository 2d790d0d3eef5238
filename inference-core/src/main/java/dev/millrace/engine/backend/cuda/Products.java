package dev.millrace.engine.backend.cuda;

/** Chooses and launches the matrix products. Stateless but for the device; owned by one thread. */
final class Products {

  private static final int THREADS = 128;
  private static final int HOPPER = 9;

  private final Work work;
  private final Device device;

  /** A tile's rows, and what a block of it takes. */
  private enum Tile {
    N8(8, 57344, 64, 4, 2),
    N16(16, 63488, 64, 3, 2),
    N32(32, 75776, 64, 3, 2),
    N64(64, 100352, 128, 2, 1),
    N128(128, 100352, 128, 2, 1);

    private final int rows;
    private final int sharedBytes;
    private final int channels;
    private final int residentOnHopper;
    private final int residentBefore;

    Tile(int rows, int sharedBytes, int channels, int residentOnHopper, int residentBefore) {
      this.rows = rows;
      this.sharedBytes = sharedBytes;
      this.channels = channels;
      this.residentOnHopper = residentOnHopper;
      this.residentBefore = residentBefore;
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

  /**
   * {@code out (+)= weight * in}.
   *
   * @param in bf16 rows of {@code inStride} elements
   * @param out f32 rows of {@code weight.outputs()} elements
   */
  void multiply(
      long in, int inStride, PackedMatrix weight, Grouping grouping, long out, boolean adding) {
    Tile tile = tile(grouping);
    work.arguments()
        .pointer(out)
        .pointer(in)
        .pointer(weight.table())
        .pointer(grouping.offsets())
        .pointer(grouping.rows())
        .pointer(grouping.source())
        .pointer(grouping.target())
        .number(grouping.groups())
        .number(weight.outputs())
        .number(weight.packedRows())
        .number(weight.packedInputs())
        .number(inStride)
        .number(weight.outputs())
        .number(adding ? 1 : 0);
    launch("mr_gemm_bf16_n", tile, weight, grouping);
  }

  /**
   * {@code out = silu(gate in) * (up in)}, both scaled by the row's score.
   *
   * @param in bf16 rows of {@code inStride} elements
   * @param width channels of the result
   * @param out bf16 rows of {@code outStride} elements
   */
  void swiGlu(
      long in,
      int inStride,
      PackedMatrix gateUp,
      Grouping grouping,
      int width,
      long out,
      int outStride) {
    Tile tile = tile(grouping);
    work.arguments()
        .pointer(out)
        .pointer(in)
        .pointer(gateUp.table())
        .pointer(grouping.offsets())
        .pointer(grouping.rows())
        .pointer(grouping.source())
        .pointer(grouping.score())
        .number(grouping.groups())
        .number(width)
        .number(gateUp.packedRows())
        .number(gateUp.packedInputs())
        .number(inStride)
        .number(outStride);
    launch("mr_swiglu_bf16_n", tile, gateUp, grouping);
  }

  private static Tile tile(Grouping grouping) {
    return Tile.holding(Math.ceilDiv(grouping.capacity(), grouping.groups()));
  }

  private void launch(String kernel, Tile tile, PackedMatrix weight, Grouping grouping) {
    long rowTiles =
        grouping.groups() == 1
            ? Math.ceilDiv(grouping.capacity(), tile.rows)
            : Math.min(grouping.capacity(), grouping.capacity() / tile.rows + grouping.groups());
    long tiles = rowTiles * Math.ceilDiv(weight.packedRows(), tile.channels);
    int resident = device.major() >= HOPPER ? tile.residentOnHopper : tile.residentBefore;
    int blocks = (int) Math.min(tiles, (long) device.multiprocessors() * resident);
    work.launch(work.kernel(kernel + tile.rows), Grid.of(blocks, THREADS, tile.sharedBytes));
  }
}
