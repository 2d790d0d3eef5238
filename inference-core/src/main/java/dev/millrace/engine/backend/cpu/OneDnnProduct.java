package dev.millrace.engine.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A product by oneDNN: one primitive for each number of rows of a fixed family of tiles.
 *
 * <p>Why the bits of a row do not depend on its tile: every primitive runs on one thread, so no sum
 * is split; and when it is made, each tile size computes made-up rows and must agree bit for bit
 * with the largest tile, row for row. A size that does not agree is dropped: its rows go to the
 * next larger size.
 *
 * <p>Thread-safe as {@link Product} says. Closed by the backend.
 */
final class OneDnnProduct implements Product {

  /**
   * Tile sizes, ascending. A tile's time follows its rows, so neighbours are close enough that
   * little work goes into padding: by four from 16 rows on.
   */
  private static final int[] TILES =
      IntStream.concat(
              IntStream.of(1, 2, 3, 4, 5, 6, 8, 10, 12, 14),
              IntStream.iterate(16, rows -> rows <= TILE_ROWS_MAX, rows -> rows + 4))
          .toArray();

  private final OneDnn dnn;
  private final ProductShape shape;
  private final PackedFormat format;
  private final long[] streams;
  private final Arena arena = Arena.ofShared();
  private final List<Runnable> undo = new ArrayList<>();
  private final long weightsDesc;
  private final Tile[] tiles;
  private final int[] tileForRows;
  private final Call[][] calls;

  /**
   * Generates the code of every tile size and tries it.
   *
   * @param streams one oneDNN stream per worker
   * @param leastTile rows of the smallest tile; see {@link LeastTile}
   * @throws IllegalStateException if oneDNN has no fast code for this shape
   */
  OneDnnProduct(
      OneDnn dnn, ProductShape shape, PackedFormat format, long[] streams, int leastTile) {
    this.dnn = dnn;
    this.shape = shape;
    this.format = format;
    this.streams = streams.clone();
    dnn.useThisThreadOnly();
    weightsDesc = dnn.packed(type(format.type()), shape.inputs(), shape.outputs(), format.tag());
    undo.add(() -> dnn.destroyDesc(weightsDesc));
    long bytes = dnn.bytes(weightsDesc);
    if (bytes != format.bytes(shape.inputs(), shape.outputs())) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "oneDNN packs %s into %d bytes, this backend into %d",
              shape,
              bytes,
              format.bytes(shape.inputs(), shape.outputs())));
    }
    tiles =
        agreeing(
            Arrays.stream(TILES)
                .filter(rows -> rows >= leastTile)
                .mapToObj(this::makeTile)
                .toArray(Tile[]::new));
    tileForRows = tileForRows();
    calls = new Call[this.streams.length][tiles.length];
    for (Call[] own : calls) {
      Arrays.setAll(own, i -> makeCall(tiles[i], arena));
    }
  }

  @Override
  public void run(int worker, int rows, long src, long weights, long dst, long upcoming) {
    int left = rows;
    long from = src;
    long to = dst;
    while (left > 0) {
      int now = Math.min(left, TILE_ROWS_MAX);
      calls[worker][tileForRows[now]].run(dnn, streams[worker], from, weights, to);
      from += (long) now * shape.srcStride() * shape.operands().bytes();
      to += (long) now * shape.dstStride() * Float.BYTES;
      left -= now;
    }
  }

  @Override
  public int rowsTouched(int rows) {
    int rest = rows % TILE_ROWS_MAX;
    return rows - rest + (rest == 0 ? 0 : tiles[tileForRows[rest]].rows());
  }

  /** Name of the code that oneDNN chose for the largest tile. */
  String implementation() {
    return tiles[tiles.length - 1].implementation();
  }

  private int[] tileForRows() {
    int[] result = new int[TILE_ROWS_MAX + 1];
    int tile = 0;
    for (int rows = 1; rows < result.length; rows++) {
      if (rows > tiles[tile].rows()) {
        tile++;
      }
      result[rows] = tile;
    }
    return result;
  }

  private static int type(ElementType type) {
    return type == ElementType.BF16 ? OneDnn.BF16 : OneDnn.F32;
  }

  private Tile makeTile(int rows) {
    long src = owned(dnn.matrix(type(shape.operands()), rows, shape.inputs(), shape.srcStride()));
    long dst = owned(dnn.matrix(OneDnn.F32, rows, shape.outputs(), shape.dstStride()));
    long attributes = dnn.attributes(shape.epilogue());
    long plan = dnn.matmulPlan(src, weightsDesc, dst, attributes);
    undo.add(() -> dnn.destroyPlan(plan));
    dnn.destroyAttributes(attributes);
    long primitive = dnn.primitive(plan);
    undo.add(() -> dnn.destroyPrimitive(primitive));
    String implementation = dnn.implementation(plan);
    if (implementation.startsWith("ref")) {
      throw new IllegalStateException("oneDNN has only slow code for " + shape);
    }
    return new Tile(rows, primitive, plan, src, dst, implementation);
  }

  private long owned(long desc) {
    undo.add(() -> dnn.destroyDesc(desc));
    return desc;
  }

  private Call makeCall(Tile tile, Arena scratchArena) {
    long scratchBytes = dnn.scratchpadBytes(tile.plan());
    long scratchAddress = scratchArena.allocate(Math.max(64, scratchBytes), 64).address();
    long src = memory(tile.src());
    long weights = memory(weightsDesc);
    long dst = memory(tile.dst());
    long scratch = memory(dnn.scratchpadDesc(tile.plan()));
    dnn.pointAt(scratch, scratchAddress);
    int[] names = {OneDnn.ARG_SRC, OneDnn.ARG_WEIGHTS, OneDnn.ARG_DST, OneDnn.ARG_SCRATCHPAD};
    long[] memories = {src, weights, dst, scratch};
    int count = names.length;
    MemorySegment arguments = arena.allocate(16L * count, 16);
    for (int i = 0; i < count; i++) {
      arguments.set(ValueLayout.JAVA_INT, 16L * i, names[i]);
      arguments.set(ValueLayout.JAVA_LONG, 16L * i + 8, memories[i]);
    }
    return new Call(tile.primitive(), src, weights, dst, count, arguments.address());
  }

  private long memory(long desc) {
    long memory = dnn.memory(desc, 0);
    undo.add(() -> dnn.destroyMemory(memory));
    return memory;
  }

  @Override
  public void close() {
    undo.reversed().forEach(Runnable::run);
    undo.clear();
    arena.close();
  }

  private record Tile(
      int rows, long primitive, long plan, long src, long dst, String implementation) {}

  /** One worker's memory objects for one tile. */
  private record Call(long primitive, long src, long weights, long dst, int count, long arguments) {

    void run(OneDnn dnn, long stream, long from, long packed, long to) {
      dnn.pointAt(src, from);
      dnn.pointAt(weights, packed);
      dnn.pointAt(dst, to);
      dnn.execute(primitive, stream, count, arguments);
    }
  }

  // ---- trial

  private static final long TRIAL_SEED = 20_240_405;

  /** The tiles whose results have the same bits as the largest one's. */
  private Tile[] agreeing(Tile[] all) {
    Tile largest = all[all.length - 1];
    try (Arena trial = Arena.ofConfined()) {
      SplittableRandom random = new SplittableRandom(TRIAL_SEED);
      MemorySegment src = operands((long) largest.rows() * shape.srcStride(), random, trial);
      MemorySegment weights =
          operands(
              format.bytes(shape.inputs(), shape.outputs()) / shape.operands().bytes(),
              random,
              trial);
      MemorySegment expected = compute(largest, src, weights, trial);
      return Arrays.stream(all)
          .filter(tile -> {
            MemorySegment result = compute(tile, src, weights, trial);
            return result.mismatch(expected.asSlice(0, result.byteSize())) < 0;
          })
          .toArray(Tile[]::new);
    }
  }

  private MemorySegment operands(long count, SplittableRandom random, Arena trial) {
    MemorySegment values = trial.allocate(count * shape.operands().bytes(), 64);
    for (long i = 0; i < count; i++) {
      // Mixed magnitudes, so that another order of additions shows in the last bits.
      float value = (float) random.nextInt(-4096, 4097) / (1 << random.nextInt(8));
      if (shape.operands() == ElementType.BF16) {
        short bits = (short) (Float.floatToRawIntBits(value) >> 16);
        values.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
      } else {
        values.setAtIndex(ValueLayout.JAVA_FLOAT, i, value / 3);
      }
    }
    return values;
  }

  private MemorySegment compute(Tile tile, MemorySegment src, MemorySegment weights, Arena trial) {
    long bytes = (long) tile.rows() * shape.dstStride() * Float.BYTES;
    MemorySegment result = trial.allocate(bytes, 64);
    long stream = dnn.stream();
    makeCall(tile, trial).run(dnn, stream, src.address(), weights.address(), result.address());
    dnn.destroyStream(stream);
    return result;
  }
}
