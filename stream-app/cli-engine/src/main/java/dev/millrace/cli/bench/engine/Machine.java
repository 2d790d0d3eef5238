package dev.millrace.cli.bench.engine;

import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.KvCache;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * What this machine can do at best, measured in the same run.
 *
 * @param readBytesPerSecond reading memory with all threads; of a device, bytes that a copy within
 *     its memory reads and writes
 * @param operationsPerSecond multiplying a cached matrix in the backend's arithmetic; of a device,
 *     multiplying a full step by one of the model's matrices
 */
record Machine(double readBytesPerSecond, double operationsPerSecond) {

  private static final long REGION_BYTES = 192L << 20;
  private static final int MATRIX = 1024;
  private static final int ATTEMPTS = 7;
  private static final int DEVICE_REPEATS = 8;

  /** A block of keys and values of one layer: 256 KiB in bfloat16. */
  private static final int COPY_BLOCK_TOKENS = 64;

  private static final int COPY_BLOCK_HEADS = 8;
  private static final int COPY_BLOCK_HEAD = 128;

  /**
   * What memory allows a step that reads weights, in steps per second; 0 if it is no limit: of
   * weights that are no larger than what was read here to get past the caches, a cache may keep
   * some, and steps are faster than memory.
   *
   * @param all bytes of all weights
   * @param read bytes that a step reads
   */
  double stepsPerSecond(double all, double read) {
    return all <= 2.0 * REGION_BYTES ? 0 : readBytesPerSecond / read;
  }

  /** The limits of a backend that computes with threads of this process. */
  static Machine ofThreads(ComputeBackend backend, int threads) {
    return new Machine(read(threads), multiply(backend));
  }

  /**
   * The limits of a device with memory of its own.
   *
   * @param backend fresh
   * @param source matrix to multiply by
   * @param rows rows of the product
   * @param copyBytes memory that is copied; as much again is written
   */
  static Machine ofDevice(ComputeBackend backend, MatrixSource source, int rows, long copyBytes) {
    KvShape block = new KvShape(1, 1, COPY_BLOCK_TOKENS, COPY_BLOCK_HEADS, COPY_BLOCK_HEAD);
    int forRun = Math.ceilDiv(rows, COPY_BLOCK_TOKENS);
    int copied = (int) Math.max(forRun, copyBytes / backend.kvBytes(block));
    Matrix matrix = backend.matrix(List.of(source));
    Rows in = backend.rows(rows, source.inputs());
    Rows out = backend.rows(rows, source.outputs());
    KvShape shape =
        new KvShape(1, 2 * copied, COPY_BLOCK_TOKENS, COPY_BLOCK_HEADS, COPY_BLOCK_HEAD);
    KvCache cache = backend.kvCache(shape);
    int[] from = IntStream.range(0, copied).toArray();
    int[] to = IntStream.range(copied, 2 * copied).toArray();
    int[] blocks = IntStream.range(0, forRun).toArray();
    backend.begin(new StepLayout(List.of(new StepLayout.Run(new int[rows], 0, blocks))));
    // Random: a device that multiplies zeros draws less power and runs faster than it ever will.
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[rows * source.inputs()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    backend.write(in, values);
    float[] row = new float[source.outputs()];
    double bytes = 0;
    double operations = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      backend.read(out, row);
      long start = System.nanoTime();
      for (int i = 0; i < DEVICE_REPEATS; i++) {
        backend.copyBlocks(cache, from, to);
      }
      backend.read(out, row);
      double seconds = (System.nanoTime() - start) / 1e9;
      bytes = Math.max(bytes, DEVICE_REPEATS * (double) backend.kvBytes(shape) / seconds);
      start = System.nanoTime();
      for (int i = 0; i < DEVICE_REPEATS; i++) {
        backend.project(in, matrix, out);
      }
      backend.read(out, row);
      seconds = (System.nanoTime() - start) / 1e9;
      double product = 2.0 * rows * source.inputs() * source.outputs();
      operations = Math.max(operations, DEVICE_REPEATS * product / seconds);
    }
    return new Machine(bytes, operations);
  }

  /** The best attempt: a limit is what the machine does undisturbed. */
  private static double read(int threads) {
    double best = 0;
    try (Arena arena = Arena.ofShared();
        ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      long share = REGION_BYTES / threads / 4096 * 4096;
      MemorySegment one = arena.allocate(share * threads, 4096);
      MemorySegment two = arena.allocate(share * threads, 4096);
      one.fill((byte) 1);
      two.fill((byte) 1);
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        long start = System.nanoTime();
        List<Callable<Long>> parts = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          long at = i * share;
          parts.add(() -> one.asSlice(at, share).mismatch(two.asSlice(at, share)));
        }
        for (Future<Long> part : pool.invokeAll(parts)) {
          if (part.get() != -1) {
            throw new IllegalStateException("equal memory compares as different");
          }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        best = Math.max(best, 2.0 * share * threads / seconds);
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("cannot measure the memory's speed", e);
    }
    return best;
  }

  private static double multiply(ComputeBackend backend) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(2L * MATRIX * MATRIX);
      Tensor values = new Tensor("peak", DType.BF16, Shape.of(MATRIX, MATRIX), data);
      Matrix matrix =
          backend.matrix(List.of(new MatrixSource.Plain(values, MatrixSource.Order.OUT_IN)));
      Rows in = backend.rows(MATRIX, MATRIX);
      Rows out = backend.rows(MATRIX, MATRIX);
      backend.begin(new StepLayout(List.of(new StepLayout.Run(new int[MATRIX], 0, new int[] {0}))));
      double best = 0;
      for (int attempt = 0; attempt < 3 * ATTEMPTS; attempt++) {
        long start = System.nanoTime();
        for (int i = 0; i < 4; i++) {
          backend.project(in, matrix, out);
        }
        backend.read(out, new float[MATRIX]);
        double seconds = (System.nanoTime() - start) / 1e9;
        best = Math.max(best, 4 * 2.0 * MATRIX * MATRIX * MATRIX / seconds);
      }
      return best;
    }
  }
}
