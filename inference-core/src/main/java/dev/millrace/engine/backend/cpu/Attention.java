package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.architecture.AttentionSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention over paged keys and values, tile by tile with a running softmax.
 *
 * <p>A tile is a few consecutive tokens of one run, with all query heads that share one key-value
 * head side by side as rows. For each group of blocks the scores are one product per block, the
 * softmax runs in Java, and the values are added by one product per block.
 *
 * <p>Why a row's bits do not depend on its tile: groups begin at absolute multiples of their size;
 * in a group a row's sums run in order of position; blocks that only its neighbours see add exact
 * zeros; and the products are row-invariant. So a prompt may be cut anywhere, and decoding gives
 * what prefilling would have given. Owned by the engine thread; tiles are shared among workers.
 */
final class Attention {

  private static final int GROUP_TOKENS = 512;
  private static final double LOG2_E = 1.4426950408889634;
  private static final int LANES = RowMath.LANES;
  private static final FloatVector LANE_NUMBERS = FloatVector.zero(RowMath.FLOATS).addIndex(1);

  private final WorkerPool pool;
  private final Products products;
  private final NativeMemory memory;
  private final Scratch[] scratches;

  Attention(WorkerPool pool, Products products, NativeMemory memory) {
    this.pool = pool;
    this.products = products;
    this.memory = memory;
    this.scratches = new Scratch[pool.workers()];
  }

  /** What one call works on. */
  private record Call(
      Step step,
      MemorySegment qkv,
      AttentionSpec spec,
      CpuKvCache cache,
      int layer,
      MemorySegment out,
      Geometry geometry) {}

  /**
   * Sizes and products that follow from a layer and a cache.
   *
   * @param blockTokens tokens of a block
   * @param blockColumns the same, rounded up to whole registers
   * @param groupBlocks blocks of a group
   * @param scores q times keys of one block
   * @param weighted adds probabilities times values of one block
   */
  private record Geometry(
      int blockTokens, int blockColumns, int groupBlocks, Product scores, Product weighted) {

    int columns() {
      return blockColumns * groupBlocks;
    }
  }

  private record Tile(int run, int firstToken, int tokens, int kvHead) {}

  private Geometry geometry(AttentionSpec spec, CpuKvCache cache) {
    int blockTokens = cache.shape().blockTokens();
    int blockColumns = (blockTokens + LANES - 1) / LANES * LANES;
    int groupBlocks = Math.max(1, GROUP_TOKENS / blockColumns);
    int columns = blockColumns * groupBlocks;
    int dimension = spec.headDimension();
    ElementType type = cache.type();
    Product scores =
        products.get(
            ProductShape.storing(dimension, blockTokens, type, dimension, columns),
            cache.keyFormat());
    Product weighted =
        products.get(
            new ProductShape(blockTokens, dimension, type, columns, dimension, Epilogue.ADD),
            cache.valueFormat());
    return new Geometry(blockTokens, blockColumns, groupBlocks, scores, weighted);
  }

  /**
   * Attends all rows of a step.
   *
   * @param qkv floats [T, (Q + 2K) * D]
   * @param out operands of the cache's type [T, Q * D]
   */
  void run(
      Step step,
      MemorySegment qkv,
      AttentionSpec spec,
      CpuKvCache cache,
      int layer,
      MemorySegment out) {
    Call call = new Call(step, qkv, spec, cache, layer, out, geometry(spec, cache));
    for (int i = 0; i < scratches.length; i++) {
      if (scratches[i] == null || !scratches[i].fits(call)) {
        scratches[i] = new Scratch(call, memory);
      }
    }
    List<Tile> tiles = tiles(step, spec);
    pool.run(
        tiles.size(), (worker, index) -> attend(call, tiles.get(index), scratches[worker], worker));
  }

  /** Long tiles first, so that no worker is left alone with one at the end. */
  private static List<Tile> tiles(Step step, AttentionSpec spec) {
    int perTile = Math.max(1, Product.TILE_ROWS_MAX / (spec.queryHeads() / spec.kvHeads()));
    List<Tile> tiles = new ArrayList<>();
    for (int run = 0; run < step.runs().size(); run++) {
      int tokens = step.runs().get(run).tokens().length;
      for (int first = (tokens - 1) / perTile * perTile; first >= 0; first -= perTile) {
        for (int head = 0; head < spec.kvHeads(); head++) {
          tiles.add(new Tile(run, first, Math.min(perTile, tokens - first), head));
        }
      }
    }
    return tiles;
  }

  private static void attend(Call call, Tile tile, Scratch scratch, int worker) {
    AttentionSpec spec = call.spec();
    Geometry geometry = call.geometry();
    int sharing = spec.queryHeads() / spec.kvHeads();
    int rows = tile.tokens() * sharing;
    int firstRow = call.step().firstRows()[tile.run()] + tile.firstToken();
    int firstPosition = call.step().positions()[firstRow];
    int lastPosition = firstPosition + tile.tokens() - 1;
    int[] blocks = call.cache().shape().table(call.step().runs().get(tile.run()));
    scratch.begin(call, tile, firstRow, rows);
    int groupTokens = geometry.blockTokens() * geometry.groupBlocks();
    int seenFrom = spec.firstVisible(firstPosition);
    for (int group = seenFrom / groupTokens; group <= lastPosition / groupTokens; group++) {
      int groupBlock = group * geometry.groupBlocks();
      int firstBlock = Math.max(groupBlock, seenFrom / geometry.blockTokens());
      int endBlock =
          Math.min(groupBlock + geometry.groupBlocks(), lastPosition / geometry.blockTokens() + 1);
      for (int block = firstBlock; block < endBlock; block++) {
        long column = (long) (block - groupBlock) * geometry.blockColumns();
        long keys = call.cache().keys(call.layer(), blocks[block], tile.kvHead());
        geometry
            .scores()
            .run(
                worker,
                rows,
                scratch.queries.address(),
                keys,
                scratch.scores.address() + 4 * column);
      }
      for (int row = 0; row < rows; row++) {
        int position = firstPosition + row / sharing;
        scratch.softmax(
            row, groupBlock, firstBlock, endBlock, spec.firstVisible(position), position + 1);
      }
      for (int block = firstBlock; block < endBlock; block++) {
        long column = (long) (block - groupBlock) * geometry.blockColumns();
        long values = call.cache().values(call.layer(), blocks[block], tile.kvHead());
        geometry
            .weighted()
            .run(
                worker,
                rows,
                scratch.probabilities.address() + column * call.cache().type().bytes(),
                values,
                scratch.sums.address());
      }
    }
    scratch.finish(call, tile, firstRow, rows);
  }

  /** One worker's buffers for one tile. */
  private static final class Scratch {
    private static final int ROWS = Product.TILE_ROWS_MAX;

    private final ElementType type;
    private final int dimension;
    private final int blockTokens;
    private final int blockColumns;
    private final int columns;
    private final MemorySegment queries;
    private final MemorySegment scores;
    private final MemorySegment probabilities;
    private final MemorySegment sums;
    private final float[] largest = new float[ROWS];
    private final float[] total = new float[ROWS];
    private float scale;

    Scratch(Call call, NativeMemory memory) {
      type = call.cache().type();
      dimension = call.spec().headDimension();
      blockTokens = call.geometry().blockTokens();
      blockColumns = call.geometry().blockColumns();
      columns = call.geometry().columns();
      int rows = Math.max(ROWS, call.spec().queryHeads() / call.spec().kvHeads() + ROWS);
      queries = memory.allocate((long) rows * dimension * type.bytes());
      scores = memory.allocate((long) rows * columns * Float.BYTES);
      probabilities = memory.allocate((long) rows * columns * type.bytes());
      sums = memory.allocate((long) rows * dimension * Float.BYTES);
    }

    boolean fits(Call call) {
      return type == call.cache().type()
          && dimension == call.spec().headDimension()
          && blockTokens == call.geometry().blockTokens();
    }

    void begin(Call call, Tile tile, int firstRow, int rows) {
      AttentionSpec spec = call.spec();
      int sharing = spec.queryHeads() / spec.kvHeads();
      int width = (spec.queryHeads() + 2 * spec.kvHeads()) * dimension;
      for (int token = 0; token < tile.tokens(); token++) {
        long from =
            4L * ((long) (firstRow + token) * width + (long) tile.kvHead() * sharing * dimension);
        long to = (long) token * sharing * dimension * type.bytes();
        RowMath.convert(call.qkv(), from, queries, to, sharing * dimension, 1f, type);
      }
      sums.asSlice(0, (long) rows * dimension * Float.BYTES).fill((byte) 0);
      Arrays.fill(largest, 0, rows, Float.NEGATIVE_INFINITY);
      Arrays.fill(total, 0, rows, 0f);
      scale = (float) (LOG2_E / Math.sqrt(dimension));
    }

    /**
     * Turns a row's scores of one group into probabilities relative to the largest score so far.
     *
     * @param from first position the row sees
     * @param to position after the last it sees
     */
    void softmax(int row, int groupBlock, int firstBlock, int endBlock, int from, int to) {
      long start = (long) row * columns + (long) (firstBlock - groupBlock) * blockColumns;
      // blocks of whole registers lie side by side as if they were one
      boolean joined = blockColumns == blockTokens;
      int count = joined ? 1 : endBlock - firstBlock;
      int tokens = joined ? blockTokens * (endBlock - firstBlock) : blockTokens;
      int width = joined ? tokens : blockColumns;
      float before = largest[row];
      float now = before;
      for (int i = 0; i < count; i++) {
        int position = (firstBlock + i) * blockTokens;
        int first = Math.clamp(from - position, 0, tokens);
        int end = Math.clamp(to - position, 0, tokens);
        now = Math.max(now, largest(start + (long) i * width, first, end));
      }
      float sum = 0;
      for (int i = 0; i < count; i++) {
        int position = (firstBlock + i) * blockTokens;
        int first = Math.clamp(from - position, 0, tokens);
        int end = Math.clamp(to - position, 0, tokens);
        sum += weigh(start + (long) i * width, first, end, width, now);
      }
      if (before != now && before != Float.NEGATIVE_INFINITY) {
        float shrink = RowMath.exp2((before - now) * scale);
        total[row] *= shrink;
        long at = 4L * row * dimension;
        RowMath.convert(sums, at, sums, at, dimension, shrink, ElementType.F32);
      }
      largest[row] = now;
      total[row] += sum;
    }

    /** Largest score of columns {@code first} to {@code end - 1}. */
    private float largest(long start, int first, int end) {
      FloatVector top = FloatVector.broadcast(RowMath.FLOATS, Float.NEGATIVE_INFINITY);
      for (int i = first / LANES * LANES; i < end; i += LANES) {
        FloatVector values = RowMath.load(scores, 4 * (start + i));
        VectorMask<Float> larger = values.compare(VectorOperators.GT, top);
        top = top.blend(values, larger.and(seen(first - i, end - i)));
      }
      return top.reduceLanes(VectorOperators.MAX);
    }

    /**
     * Stores {@code exp((score - now) / sqrt(D))} for columns {@code first} to {@code end - 1} and
     * zero for the others of {@code width}; gives the sum.
     */
    private float weigh(long start, int first, int end, int width, float now) {
      FloatVector sum = FloatVector.zero(RowMath.FLOATS);
      FloatVector none = sum;
      int i = 0;
      for (; i + LANES <= first; i += LANES) {
        storeProbabilities(none, start + i);
      }
      for (; i < end; i += LANES) {
        FloatVector score = RowMath.load(scores, 4 * (start + i));
        FloatVector p = RowMath.exp2(score.sub(now).mul(scale));
        p = none.blend(p, seen(first - i, end - i));
        sum = sum.add(p);
        storeProbabilities(p, start + i);
      }
      for (; i < width; i += LANES) {
        storeProbabilities(none, start + i);
      }
      return RowMath.sum(sum);
    }

    private static VectorMask<Float> seen(int first, int end) {
      return LANE_NUMBERS
          .compare(VectorOperators.GE, (float) first)
          .and(LANE_NUMBERS.compare(VectorOperators.LT, (float) end));
    }

    private void storeProbabilities(FloatVector p, long index) {
      if (type == ElementType.BF16) {
        RowMath.storeBfloat16(p, probabilities, 2 * index);
      } else {
        RowMath.store(p, probabilities, 4 * index);
      }
    }

    void finish(Call call, Tile tile, int firstRow, int rows) {
      AttentionSpec spec = call.spec();
      int sharing = spec.queryHeads() / spec.kvHeads();
      for (int row = 0; row < rows; row++) {
        long head = (long) tile.kvHead() * sharing + row % sharing;
        long index =
            (long) (firstRow + row / sharing) * spec.queryHeads() * dimension + head * dimension;
        RowMath.convert(
            sums,
            4L * row * dimension,
            call.out(),
            index * type.bytes(),
            dimension,
            1f / total[row],
            type);
      }
    }
  }
}
