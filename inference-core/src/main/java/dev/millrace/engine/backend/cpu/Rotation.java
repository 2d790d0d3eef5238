package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.backend.Vector;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * What happens to q, k and v between projection and attention. Owned by the engine thread; rows are
 * shared among workers.
 */
final class Rotation {

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final int ROWS_PER_TASK = 16;

  private final RotaryTables tables = new RotaryTables();
  private final WorkerPool pool;

  Rotation(WorkerPool pool) {
    this.pool = pool;
  }

  /** Rotates and normalises q and k in place, scales q, stores k and v. */
  void run(
      Step step,
      MemorySegment qkv,
      AttentionSpec spec,
      List<Vector> headNorms,
      CpuKvCache cache,
      int layer) {
    RotaryTables.Table table = spec.rotates() ? tables.of(spec) : null;
    if (table != null) {
      for (var run : step.runs()) {
        table.prepare(run.position(), run.position() + run.tokens().length);
      }
    }
    clearUnfilledBlocks(step, cache, layer);
    int tasks = (step.rows() + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    pool.run(
        tasks,
        (worker, task) -> {
          int end = Math.min(step.rows(), (task + 1) * ROWS_PER_TASK);
          for (int row = task * ROWS_PER_TASK; row < end; row++) {
            if (spec.headNorm() instanceof HeadNorm.Learnt(float epsilon)) {
              normRow(qkv, row, spec, epsilon, headNorms);
            }
            if (table != null) {
              rotateRow(qkv, row, step.positions()[row], spec, table);
            }
            scaleQueries(qkv, row, step.positions()[row], spec);
            store(step, qkv, row, spec, cache, layer);
          }
        });
  }

  /**
   * A block that a run opens but does not fill gets zero values first: attention multiplies what a
   * former owner left there by zero, and that must not be an infinity.
   */
  private static void clearUnfilledBlocks(Step step, CpuKvCache cache, int layer) {
    int blockTokens = cache.shape().blockTokens();
    for (var run : step.runs()) {
      int end = run.position() + run.tokens().length;
      int lastStart = end / blockTokens * blockTokens;
      if (lastStart < end && lastStart >= run.position()) {
        cache.clearValues(layer, cache.shape().table(run)[lastStart / blockTokens]);
      }
    }
  }

  /** The learnt norm of the heads of q and k. */
  private static void normRow(
      MemorySegment qkv, int row, AttentionSpec spec, float epsilon, List<Vector> headNorms) {
    int dimension = spec.headDimension();
    long at = 4L * row * spec.qkvWidth();
    for (int head = 0; head < spec.queryHeads() + spec.kvHeads(); head++) {
      NormWeight weight = (NormWeight) headNorms.get(head < spec.queryHeads() ? 0 : 1);
      float scale = RowMath.inverseRms(qkv, at, dimension, epsilon);
      RowMath.scale(qkv, at, scale, weight.values(), qkv, at, dimension);
      at += 4L * dimension;
    }
  }

  private static void rotateRow(
      MemorySegment qkv, int row, int position, AttentionSpec spec, RotaryTables.Table table) {
    int dimension = spec.headDimension();
    boolean interleaved = spec.rotary().pairing() == Pairing.INTERLEAVED;
    float epsilon = spec.headNorm() instanceof HeadNorm.Unit(float unit) ? unit : 0;
    float[] page = table.values(position);
    int offset = table.offset(position);
    long at = 4L * row * spec.qkvWidth();
    for (int head = 0; head < spec.queryHeads() + spec.kvHeads(); head++) {
      if (interleaved) {
        rotate(qkv, at, 8, 4, page, offset, dimension / 2);
      } else {
        rotate(qkv, at, 4, 2L * dimension, page, offset, dimension / 2);
      }
      if (epsilon > 0) {
        float scale = RowMath.inverseRms(qkv, at, dimension, epsilon);
        RowMath.convert(qkv, at, qkv, at, dimension, scale, ElementType.F32);
      }
      at += 4L * dimension;
    }
  }

  /**
   * Rotates {@code half} pairs: first elements {@code step} bytes apart, seconds {@code gap} on.
   */
  private static void rotate(
      MemorySegment values, long at, long step, long gap, float[] page, int offset, int half) {
    for (int j = 0; j < half; j++) {
      long first = at + j * step;
      float cos = page[offset + j];
      float sin = page[offset + half + j];
      float x = values.get(FLOAT, first);
      float y = values.get(FLOAT, first + gap);
      values.set(FLOAT, first, x * cos - y * sin);
      values.set(FLOAT, first + gap, x * sin + y * cos);
    }
  }

  private static void scaleQueries(MemorySegment qkv, int row, int position, AttentionSpec spec) {
    if (spec.temperature().floorScale() == 0) {
      return;
    }
    float factor = (float) spec.temperature().factor(position);
    if (factor != 1f) {
      long at = 4L * row * spec.qkvWidth();
      int length = spec.queryHeads() * spec.headDimension();
      RowMath.convert(qkv, at, qkv, at, length, factor, ElementType.F32);
    }
  }

  private static void store(
      Step step, MemorySegment qkv, int row, AttentionSpec spec, CpuKvCache cache, int layer) {
    int blockTokens = cache.shape().blockTokens();
    int block = step.blockOf(row, cache.shape());
    int slot = step.positions()[row] % blockTokens;
    long keys =
        4L * ((long) row * spec.qkvWidth() + (long) spec.queryHeads() * spec.headDimension());
    long values = keys + 4L * spec.kvHeads() * spec.headDimension();
    for (int head = 0; head < spec.kvHeads(); head++) {
      long at = 4L * head * spec.headDimension();
      cache.store(layer, block, slot, head, qkv, keys + at, values + at);
    }
  }
}
