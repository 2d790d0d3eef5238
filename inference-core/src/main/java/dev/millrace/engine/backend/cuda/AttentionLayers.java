package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.Vector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Rotation, storing and attention of one layer after the other. Owned by the engine thread.
 *
 * <p>A run of few rows is attended in splits of 512 keys by many blocks at once, a longer one by
 * blocks that walk all keys of 64 rows. Both give the same bits. In f32 there is one way only.
 */
final class AttentionLayers implements CudaContext.Resource {

  private static final int HEADS_OF_A_BLOCK = 8;
  private static final int ROTATE_THREADS = 256;
  private static final int ATTEND_THREADS = 128;
  private static final int SHORT_ROWS_OF_A_BLOCK = 16;
  private static final int LONG_ROWS_OF_A_BLOCK = 64;
  private static final int WHOLE_SHARED_BYTES = 2560;

  /** Rows of a run up to which it pays to share its keys among blocks. */
  static final int SHORT_RUN_ROWS = 4;

  private static final int LEAST_HEAD = 64;
  private static final int PARTIALS_LEAST = 64;
  private static final int PARTIALS_MAX = 4096;
  private static final int PARTIALS_OF_A_ROW = 4;

  private final Work work;
  private final CudaStream stream;
  private final Precision precision;
  private final Map<AttentionSpec, Long> phases = new HashMap<>();
  private int partialCapacity;
  private int width;
  private long partials;
  private long statistics;

  AttentionLayers(Work work, CudaStream stream, Precision precision) {
    this.work = work;
    this.stream = stream;
    this.precision = precision;
  }

  /** Results of splits that there is room for in steps of so many rows. */
  static int partialCapacity(int rows) {
    return Math.clamp((long) rows * PARTIALS_OF_A_ROW, PARTIALS_LEAST, PARTIALS_MAX);
  }

  /**
   * Bytes that {@link #allocate} will take.
   *
   * @param rows rows of a step
   * @param width elements of the widest rows: at least Q * D
   */
  static long scratchBytes(Precision precision, int rows, int width) {
    long partial = (width + 2L * Math.ceilDiv(width, LEAST_HEAD)) * Float.BYTES;
    return precision == Precision.F32 ? 0 : partialCapacity(rows) * partial;
  }

  /** Allocates scratch memory. */
  void allocate(DevicePool pool, int rows, int widest) {
    partialCapacity = partialCapacity(rows);
    width = widest;
    if (precision == Precision.F32) {
      return;
    }
    String what = "attention in splits";
    partials = pool.allocate((long) partialCapacity * width * Float.BYTES, what);
    statistics =
        pool.allocate(2L * partialCapacity * Math.ceilDiv(width, LEAST_HEAD) * Float.BYTES, what);
  }

  /** Norms and rotates q into {@code queries}, k into the cache; v goes there as it is. */
  void rotate(
      StepShape step,
      long qkv,
      AttentionSpec spec,
      List<Vector> headNorms,
      CudaKvCache cache,
      int layer,
      long queries) {
    check(spec, cache.shape());
    AttentionSpec.Temperature temperature = spec.temperature();
    work.arguments()
        .pointer(qkv)
        .pointer(queries)
        .pointer(cache.layer(layer))
        .pointer(phases.computeIfAbsent(spec, this::upload))
        .pointer(headNorms.isEmpty() ? 0 : ((NormWeight) headNorms.get(0)).address())
        .pointer(headNorms.isEmpty() ? 0 : ((NormWeight) headNorms.get(1)).address())
        .pointer(step.control(cache))
        .number(spec.queryHeads())
        .number(spec.kvHeads())
        .number(spec.headDimension())
        .number(cache.shape().blockTokens())
        .number(spec.rotary().pairing() == Pairing.HALVES ? 1 : 0)
        .real(headNormEpsilon(spec))
        .real((float) temperature.floorScale())
        .real((float) temperature.scale());
    int heads = spec.queryHeads() + 2 * spec.kvHeads();
    Grid grid =
        new Grid(step.capacity(), Math.ceilDiv(heads, HEADS_OF_A_BLOCK), 1, ROTATE_THREADS, 0);
    work.launch(work.kernel(precision.kernel("mr_rotate_store")), grid);
  }

  /** Attends; {@code out} is [T, Q * D], bf16 or f32. */
  void attend(
      StepShape step, long queries, AttentionSpec spec, CudaKvCache cache, int layer, long out) {
    if (precision == Precision.F32) {
      attendWhole(step, queries, spec, cache, layer, out);
      return;
    }
    if (step.longRuns() > 0) {
      attendLong(step, queries, spec, cache, layer, out);
    }
    if (step.shortRuns() > 0) {
      attendShort(step, queries, spec, cache, layer, out);
    }
  }

  private void attendWhole(
      StepShape step, long queries, AttentionSpec spec, CudaKvCache cache, int layer, long out) {
    start(step, queries, spec, cache, layer, out);
    Grid grid =
        new Grid(step.capacity(), spec.queryHeads(), 1, spec.headDimension(), WHOLE_SHARED_BYTES);
    work.launch(work.kernel("mr_attend_f32"), grid);
  }

  private void start(
      StepShape step, long queries, AttentionSpec spec, CudaKvCache cache, int layer, long out) {
    work.arguments()
        .pointer(queries)
        .pointer(cache.layer(layer))
        .pointer(out)
        .pointer(step.control(cache))
        .number(step.capacity())
        .number(spec.queryHeads())
        .number(spec.kvHeads())
        .number(cache.shape().blockTokens())
        .number(sight(spec));
  }

  private void attendLong(
      StepShape step, long queries, AttentionSpec spec, CudaKvCache cache, int layer, long out) {
    start(step, queries, spec, cache, layer, out);
    int tiles = step.capacity() * group(spec) / LONG_ROWS_OF_A_BLOCK + step.longRuns();
    int shared = spec.headDimension() == LEAST_HEAD ? 54272 : 103424;
    Grid grid = new Grid(tiles, spec.kvHeads(), 1, ATTEND_THREADS, shared);
    work.launch(work.kernel("mr_attend_" + spec.headDimension()), grid);
  }

  private void attendShort(
      StepShape step, long queries, AttentionSpec spec, CudaKvCache cache, int layer, long out) {
    work.arguments()
        .pointer(queries)
        .pointer(cache.layer(layer))
        .pointer(out)
        .pointer(partials)
        .pointer(statistics)
        .pointer(step.control(cache))
        .number(step.capacity())
        .number(partialCapacity)
        .number(spec.queryHeads())
        .number(spec.kvHeads())
        .number(cache.shape().blockTokens())
        .number(sight(spec));
    int tiles = Math.ceilDiv(SHORT_RUN_ROWS * group(spec), SHORT_ROWS_OF_A_BLOCK);
    int shared = spec.headDimension() == LEAST_HEAD ? 42752 : 77568;
    Grid grid =
        new Grid(step.shortRuns(), spec.kvHeads() * tiles, step.splits(), ATTEND_THREADS, shared);
    work.launch(work.kernel("mr_attend_split_" + spec.headDimension()), grid);
    if (step.splits() == 1) {
      return;
    }
    work.arguments()
        .pointer(partials)
        .pointer(statistics)
        .pointer(out)
        .pointer(step.control(cache))
        .number(step.capacity())
        .number(partialCapacity)
        .number(spec.queryHeads())
        .number(spec.kvHeads())
        .number(sight(spec));
    work.launch(
        work.kernel("mr_attend_merge_" + spec.headDimension()),
        new Grid(step.shortRuns(), spec.kvHeads() * tiles, 1, ATTEND_THREADS, 0));
  }

  /** Epsilon of the one norm that heads have, before or after the rotation: 0 for none. */
  private static float headNormEpsilon(AttentionSpec spec) {
    return switch (spec.headNorm()) {
      case HeadNorm.None() -> 0;
      case HeadNorm.Unit(float epsilon) -> epsilon;
      case HeadNorm.Learnt(float epsilon) -> epsilon;
    };
  }

  /** What rows see, as kernels read it: tokens of a chunk; negated, of a window; 0 for all. */
  private static int sight(AttentionSpec spec) {
    return switch (spec.visible()) {
      case Visible.Full() -> 0;
      case Visible.Chunk(int tokens) -> tokens;
      case Visible.Window(int tokens) -> -tokens;
    };
  }

  private static int group(AttentionSpec spec) {
    return spec.queryHeads() / spec.kvHeads();
  }

  private void check(AttentionSpec spec, KvShape shape) {
    if (spec.kvHeads() != shape.heads() || spec.headDimension() != shape.headDimension()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "attention with %d heads of %d on a cache of %d heads of %d",
              spec.kvHeads(),
              spec.headDimension(),
              shape.heads(),
              shape.headDimension()));
    }
    if (spec.queryHeads() * spec.headDimension() > width) {
      throw new IllegalStateException("no rows as wide as the queries were made");
    }
  }

  /** Turns per position in units of 2^-64 turns; the kernel's fact box says why. */
  static long[] phases(double[] frequencies) {
    long[] units = new long[frequencies.length];
    for (int i = 0; i < units.length; i++) {
      double turns = frequencies[i] / (2 * Math.PI);
      units[i] = (long) Math.rint((turns - Math.floor(turns)) * 0x1p62) << 2;
    }
    return units;
  }

  private long upload(AttentionSpec spec) {
    if (!spec.rotates()) {
      return 0;
    }
    long[] units = phases(spec.rotary().frequencies());
    long bytes = (long) units.length * Long.BYTES;
    long address = Driver.allocate(bytes);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocateFrom(ValueLayout.JAVA_LONG, units);
      stream.copyIn(address, values, bytes);
      stream.await();
    }
    return address;
  }

  @Override
  public void close() {
    for (long address : phases.values()) {
      if (address != 0) {
        Driver.free(address);
      }
    }
    phases.clear();
  }
}
