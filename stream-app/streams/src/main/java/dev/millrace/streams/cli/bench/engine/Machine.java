package dev.millrace.streams.cli.bench.engine;

import dev.millrace.engine.backend.ComputeBackend;
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
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What this machine can do at best, measured in the same run.
 *
 * @param readBytesPerSecond reading memory with all threads
 * @param operationsPerSecond multiplying a cached matrix in the backend's arithmetic
 */
record Machine(double readBytesPerSecond, double operationsPerSecond) {

  private static final long REGION_BYTES = 192L << 20;
  private static final int MATRIX = 1024;
  private static final int ATTEMPTS = 7;

  static Machine measure(ComputeBackend backend, int threads) {
    return new Machine(read(threads), multiply(backend));
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
