package dev.millrace.engine.backend;

import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.backend.BackendParityKit.Comparison;
import dev.millrace.engine.backend.Fixtures.Extents;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.TestTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Mixtures of experts whose rows go where the test wants them. Pure functions. */
final class MoeCase {

  private MoeCase() {}

  /**
   * Experts as Llama 4 stores them, and a shared one.
   *
   * @param chosen experts of a row, {@code topK} of them
   */
  static Comparison fused(
      Fixtures fixtures, Extents extents, int rows, int topK, IntFunction<int[]> chosen) {
    float[] router = fixtures.router(extents.experts(), extents.hidden());
    List<MoeSource.Expert> experts = new ArrayList<>();
    for (int e = 0; e < extents.experts(); e++) {
      experts.add(fixtures.fusedExpert(extents.hidden(), extents.width()));
    }
    MoeSource.Expert shared = fixtures.plainExpert(extents.hidden(), extents.width());
    MoeSource source =
        new MoeSource(
            router(router, extents), new Router.SigmoidOnInput(), experts, List.of(shared), topK);
    return comparison(fixtures, extents, rows, source, router, chosen);
  }

  /** One set of linear layers per expert, none shared. */
  static Comparison unfused(
      Fixtures fixtures,
      Extents extents,
      int rows,
      Router rule,
      int topK,
      IntFunction<int[]> chosen) {
    float[] router = fixtures.router(extents.experts(), extents.hidden());
    List<MoeSource.Expert> experts = new ArrayList<>();
    for (int e = 0; e < extents.experts(); e++) {
      experts.add(fixtures.plainExpert(extents.hidden(), extents.width()));
    }
    MoeSource source = new MoeSource(router(router, extents), rule, experts, List.of(), topK);
    return comparison(fixtures, extents, rows, source, router, chosen);
  }

  /**
   * Many experts: the router is the identity, so that the first elements of a row are its logits,
   * and a row prefers the experts it is given in the order in which it is given them.
   */
  static Comparison many(
      Fixtures fixtures, int count, int rows, Router rule, int topK, IntFunction<int[]> chosen) {
    Extents extents = new Extents(256, 1, 1, 64, 16, count, 1);
    float[] router = new float[count * extents.hidden()];
    for (int e = 0; e < count; e++) {
      router[e * extents.hidden() + e] = 1;
    }
    List<MoeSource.Expert> experts = new ArrayList<>();
    for (int e = 0; e < count; e++) {
      experts.add(fixtures.plainExpert(extents.hidden(), extents.width()));
    }
    float[] values = fixtures.values(rows * extents.hidden(), 0.25);
    for (int row = 0; row < rows; row++) {
      int[] wanted = chosen.apply(row);
      for (int k = 0; k < wanted.length; k++) {
        values[row * extents.hidden() + wanted[k]] = 4 - 0.25f * k;
      }
    }
    MoeSource source = new MoeSource(router(router, extents), rule, experts, List.of(), topK);
    return comparison(fixtures, extents, rows, source, values);
  }

  private static Comparison comparison(
      Fixtures fixtures,
      Extents extents,
      int rows,
      MoeSource source,
      float[] router,
      IntFunction<int[]> chosen) {
    int width = extents.hidden();
    float[] values = new float[rows * width];
    for (int row = 0; row < rows; row++) {
      float[] routed = fixtures.routed(router, width, chosen.apply(row));
      System.arraycopy(routed, 0, values, row * width, width);
    }
    return comparison(fixtures, extents, rows, source, values);
  }

  private static Comparison comparison(
      Fixtures fixtures, Extents extents, int rows, MoeSource source, float[] values) {
    int width = extents.hidden();
    float[] residual = fixtures.values(rows * width, 1);
    return new Comparison(
        width,
        backend -> {
          MoeWeights packed = backend.moe(source);
          Rows in = backend.rows(rows, width);
          Rows hidden = backend.rows(rows, width);
          backend.begin(BackendParityKit.layout(rows));
          backend.write(in, values);
          backend.write(hidden, residual);
          backend.moe(in, packed, hidden);
          return BackendParityKit.read(backend, hidden, rows);
        });
  }

  private static MatrixSource router(float[] values, Extents extents) {
    return new MatrixSource.Plain(
        TestTensors.of(DType.BF16, Shape.of(extents.experts(), extents.hidden()), values),
        MatrixSource.Order.OUT_IN);
  }
}
