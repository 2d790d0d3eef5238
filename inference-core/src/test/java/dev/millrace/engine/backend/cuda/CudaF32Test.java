package dev.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.FeedForward;
import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.backend.MoeSource.Expert;
import dev.millrace.engine.backend.MoeWeights;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.backend.Verdict;
import dev.millrace.engine.backend.reference.ReferenceProvider;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.TestTensors;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Rows and weights with all the bits that their types have, through products in f32: nothing of
 * them may be lost on the way through sums of bf16. Quantised weights are in {@link
 * CudaQuantisedTest}.
 */
final class CudaF32Test {

  private static final int HIDDEN = 136;
  private static final int WIDTH = 76;
  private static final int ROWS = 19;

  /** Of a row's largest value: sums of 136 products in f32. */
  private static final double ALLOWED = 2e-6;

  private static final double ALLOWED_AFTER_SWIGLU = 4e-6;

  private final SplittableRandom random = new SplittableRandom(77);

  private MatrixSource weight(DType type, int outputs, int inputs) {
    return new MatrixSource.Plain(
        TestTensors.random(random, type, 1 / Math.sqrt(inputs), outputs, inputs),
        MatrixSource.Order.OUT_IN);
  }

  private Expert expert(DType type) {
    return new Expert(
        weight(type, WIDTH, HIDDEN), weight(type, WIDTH, HIDDEN), weight(type, HIDDEN, WIDTH));
  }

  private float[] values(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private void check(
      String what, int width, double allowed, Function<ComputeBackend, float[]> run) {
    float[] expected;
    try (ComputeBackend reference = new ReferenceProvider().create(BackendOptions.DEFAULTS)) {
      expected = run.apply(reference);
    }
    try (ComputeBackend backend = TestCuda.backend(Arithmetic.F32)) {
      assertThat(backend.info().arithmetic()).isEqualTo("f32");
      assertThat(Verdict.compare(what, expected, run.apply(backend), width, allowed)).isEmpty();
    }
  }

  private static StepLayout layout(int... tokens) {
    return new StepLayout(List.of(new StepLayout.Run(tokens, 0, new int[] {0})));
  }

  private static float[] read(ComputeBackend backend, Rows rows, int count) {
    float[] values = new float[count * rows.width()];
    backend.read(rows, values);
    return values;
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void shouldProjectWithEveryBit(DType type) {
    // the second is stored in fewer bits than the stack
    List<MatrixSource> stacked = List.of(weight(type, 40, HIDDEN), weight(DType.BF16, 32, HIDDEN));
    float[] in = values(ROWS * HIDDEN);
    check(
        "project " + type,
        72,
        ALLOWED,
        backend -> {
          Matrix packed = backend.matrix(stacked);
          Rows from = backend.rows(ROWS, HIDDEN);
          Rows to = backend.rows(ROWS, 72);
          backend.begin(layout(new int[ROWS]));
          backend.write(from, in);
          backend.project(from, packed, to);
          return read(backend, to, ROWS);
        });
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void shouldFeedForwardWithEveryBit(DType type) {
    Expert block = expert(type);
    float[] in = values(ROWS * HIDDEN);
    float[] residual = values(ROWS * HIDDEN);
    check(
        "feedForward " + type,
        HIDDEN,
        ALLOWED_AFTER_SWIGLU,
        backend -> {
          FeedForward packed = backend.feedForward(block.gate(), block.up(), block.down());
          Rows from = backend.rows(ROWS, HIDDEN);
          Rows hidden = backend.rows(ROWS, HIDDEN);
          backend.begin(layout(new int[ROWS]));
          backend.write(from, in);
          backend.write(hidden, residual);
          backend.feedForward(from, packed, hidden);
          return read(backend, hidden, ROWS);
        });
  }

  /** The shared expert has other types than the rest: it is computed by itself. */
  @Test
  void shouldMixExpertsWithEveryBit() {
    MoeSource source =
        new MoeSource(
            weight(DType.F32, 3, HIDDEN),
            new Router.SigmoidOnInput(),
            List.of(expert(DType.F32), expert(DType.F16), expert(DType.BF16)),
            List.of(expert(DType.F16)),
            2);
    float[] in = values(ROWS * HIDDEN);
    check(
        "moe",
        HIDDEN,
        ALLOWED_AFTER_SWIGLU,
        backend -> {
          MoeWeights packed = backend.moe(source);
          Rows from = backend.rows(ROWS, HIDDEN);
          Rows hidden = backend.rows(ROWS, HIDDEN);
          backend.begin(layout(new int[ROWS]));
          backend.write(from, in);
          backend.write(hidden, new float[ROWS * HIDDEN]);
          backend.moe(from, packed, hidden);
          return read(backend, hidden, ROWS);
        });
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void shouldEmbedExactly(DType type) {
    MatrixSource table = weight(type, 50, HIDDEN);
    check(
        "embed " + type,
        HIDDEN,
        0,
        backend -> {
          Matrix packed = backend.embedding(table);
          Rows hidden = backend.rows(4, HIDDEN);
          backend.begin(layout(49, 0, 7, 7));
          backend.embed(packed, hidden);
          return read(backend, hidden, 4);
        });
  }

  @Test
  void shouldStoreWeightsInAsManyTermsAsTheirTypesNeed() {
    MatrixSource whole = weight(DType.F32, 8, 64);
    MatrixSource half = weight(DType.F16, 8, 64);
    MatrixSource bf16 = weight(DType.BF16, 8, 64);
    assertThat(WeightFormat.whole(List.of(bf16)).bytes(64, 64)).isEqualTo(64 * 64 * 2);
    assertThat(WeightFormat.whole(List.of(bf16, half)).bytes(64, 64)).isEqualTo(64 * 64 * 4);
    assertThat(WeightFormat.whole(List.of(half, whole)).bytes(64, 64)).isEqualTo(64 * 64 * 6);
  }
}
