package dev.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.FeedForward;
import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.backend.MoeSource.Expert;
import dev.millrace.engine.backend.MoeWeights;
import dev.millrace.engine.backend.QuantisedSource.Float8Channels;
import dev.millrace.engine.backend.QuantisedSource.Int4Groups;
import dev.millrace.engine.backend.Rows;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.backend.Vector;
import dev.millrace.engine.backend.Verdict;
import dev.millrace.engine.backend.reference.ReferenceProvider;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import dev.millrace.engine.tensor.TestTensors;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Weights that stay quantised on the device, against the reference on their exact values. Rows for
 * FP8 weights are rounded to FP8, one part in sixteen of an element; scales of four-bit weights to
 * bf16. In f32 they do not stay quantised, and nothing is rounded.
 */
final class CudaQuantisedTest {

  private static final int HIDDEN = 136;
  private static final int WIDTH = 72;
  private static final int EXPERTS = 3;
  private static final int ROWS = 19;
  private static final double ALLOWED_IN_F32 = 4e-6;

  private final SplittableRandom random = new SplittableRandom(31);

  /** How weights are stored, and how far a result may be off, as a share of a row's largest. */
  enum Kind {
    FLOAT8_PER_OUTPUT(0.1),
    FLOAT8_WHOLE(0.1),
    INT4(0.02),
    INT4_WITH_ZERO_POINTS(0.02),
    INT4_IN_ODD_GROUPS(0.02),
    INT4_REORDERED(0.02);

    private final double allowed;

    Kind(double allowed) {
      this.allowed = allowed;
    }
  }

  private MatrixSource weight(Kind kind, int outputs, int inputs) {
    return switch (kind) {
      case FLOAT8_PER_OUTPUT -> float8(outputs, inputs, outputs);
      case FLOAT8_WHOLE -> float8(outputs, inputs, 1);
      case INT4 -> int4(outputs, inputs, inputs, false);
      case INT4_WITH_ZERO_POINTS -> int4(outputs, inputs, inputs, true);
      case INT4_IN_ODD_GROUPS -> int4(outputs, inputs, 8, true);
      case INT4_REORDERED -> reordered(int4(outputs, inputs, 8, true));
    };
  }

  private MatrixSource float8(int outputs, int inputs, int scales) {
    byte[] values = new byte[outputs * inputs];
    for (int i = 0; i < values.length; i++) {
      // magnitudes up to 30, none of them no number
      values[i] = (byte) (random.nextInt(0x60) | (random.nextBoolean() ? 0x80 : 0));
    }
    float[] scale = new float[scales];
    for (int i = 0; i < scales; i++) {
      scale[i] = (float) ((0.5 + random.nextDouble()) / (20 * Math.sqrt(inputs)));
    }
    return new Float8Channels(
        new Tensor(
            "values", DType.F8_E4M3, Shape.of(outputs, inputs), MemorySegment.ofArray(values)),
        TestTensors.f32(scales == 1 ? Shape.of(1) : Shape.of(scales, 1), scale));
  }

  private Int4Groups int4(int outputs, int inputs, int wanted, boolean zeroPoints) {
    int group = wanted == inputs ? groupOf(inputs) : wanted;
    int groups = inputs / group;
    float[] scale = new float[outputs * groups];
    for (int i = 0; i < scale.length; i++) {
      scale[i] = (float) ((0.5 + random.nextDouble()) / (4 * Math.sqrt(inputs)));
    }
    Tensor zeros = words("zeros", Math.ceilDiv(outputs, 8), groups);
    return new Int4Groups(
        words("packed", outputs, Math.ceilDiv(inputs, 8)),
        TestTensors.of(DType.BF16, Shape.of(outputs, groups), scale),
        zeroPoints ? Optional.of(zeros) : Optional.empty(),
        Optional.empty(),
        inputs);
  }

  /** The same with inputs that belong to any of the groups, as activations decided. */
  private Int4Groups reordered(Int4Groups source) {
    int[] groups = new int[source.inputs()];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = random.nextInt(source.groups());
    }
    return withGroups(source, groups);
  }

  private static Int4Groups withGroups(Int4Groups source, int[] groups) {
    Tensor tensor =
        new Tensor("g", DType.I32, Shape.of(groups.length), MemorySegment.ofArray(groups));
    return new Int4Groups(
        source.packed(),
        source.scales(),
        source.zeroPoints(),
        Optional.of(tensor),
        source.inputs());
  }

  /** A group that the kernels read, where the width has one. */
  private static int groupOf(int inputs) {
    return inputs % 64 == 0 ? 64 : inputs % 32 == 0 ? 32 : inputs;
  }

  private Tensor words(String name, int rows, int columns) {
    int[] values = new int[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt();
    }
    return new Tensor(name, DType.I32, Shape.of(rows, columns), MemorySegment.ofArray(values));
  }

  private float[] values(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private void check(Kind kind, int width, Function<ComputeBackend, float[]> run) {
    float[] expected;
    try (ComputeBackend reference = new ReferenceProvider().create(BackendOptions.DEFAULTS)) {
      expected = run.apply(reference);
    }
    try (ComputeBackend backend = TestCuda.backend()) {
      assertThat(Verdict.compare(kind.name(), expected, run.apply(backend), width, kind.allowed))
          .isEmpty();
    }
    try (ComputeBackend backend = TestCuda.backend(Arithmetic.F32)) {
      String what = kind + " in f32";
      assertThat(Verdict.compare(what, expected, run.apply(backend), width, ALLOWED_IN_F32))
          .isEmpty();
    }
  }

  private static StepLayout layout() {
    return new StepLayout(List.of(new StepLayout.Run(new int[ROWS], 0, new int[] {0})));
  }

  private static float[] read(ComputeBackend backend, Rows rows) {
    float[] values = new float[ROWS * rows.width()];
    backend.read(rows, values);
    return values;
  }

  @ParameterizedTest
  @EnumSource
  void shouldProject(Kind kind) {
    for (int inputs : new int[] {HIDDEN, 192, 256}) {
      List<MatrixSource> stacked =
          List.of(weight(kind, 40, inputs), weight(kind, 24, inputs), weight(kind, 8, inputs));
      float[] in = values(ROWS * inputs);
      check(
          kind,
          72,
          backend -> {
            Matrix packed = backend.matrix(stacked);
            Rows from = backend.rows(ROWS, inputs);
            Rows to = backend.rows(ROWS, 72);
            backend.begin(layout());
            backend.write(from, in);
            backend.project(from, packed, to);
            return read(backend, to);
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldFeedForward(Kind kind) {
    MatrixSource gate = weight(kind, WIDTH, HIDDEN);
    MatrixSource up = weight(kind, WIDTH, HIDDEN);
    MatrixSource down = weight(kind, HIDDEN, WIDTH);
    float[] in = values(ROWS * HIDDEN);
    float[] residual = values(ROWS * HIDDEN);
    check(
        kind,
        HIDDEN,
        backend -> {
          FeedForward packed = backend.feedForward(gate, up, down);
          Rows from = backend.rows(ROWS, HIDDEN);
          Rows hidden = backend.rows(ROWS, HIDDEN);
          backend.begin(layout());
          backend.write(from, in);
          backend.write(hidden, residual);
          backend.feedForward(from, packed, hidden);
          return read(backend, hidden);
        });
  }

  @ParameterizedTest
  @EnumSource
  void shouldMixExpertsBesideASharedOneOfEitherKind(Kind kind) {
    for (boolean sharedAlike : new boolean[] {true, false}) {
      List<Expert> experts = new ArrayList<>();
      for (int e = 0; e < EXPERTS; e++) {
        experts.add(expert(kind, false));
      }
      MoeSource source =
          new MoeSource(
              router(),
              new Router.SigmoidOnInput(),
              experts,
              List.of(expert(kind, !sharedAlike)),
              2);
      float[] in = values(ROWS * HIDDEN);
      check(
          kind,
          HIDDEN,
          backend -> {
            MoeWeights packed = backend.moe(source);
            Rows from = backend.rows(ROWS, HIDDEN);
            Rows hidden = backend.rows(ROWS, HIDDEN);
            backend.begin(layout());
            backend.write(from, in);
            backend.write(hidden, new float[ROWS * HIDDEN]);
            backend.moe(from, packed, hidden);
            return read(backend, hidden);
          });
    }
  }

  private Expert expert(Kind kind, boolean whole) {
    return whole
        ? new Expert(plain(2 * WIDTH, HIDDEN), plain(2 * WIDTH, HIDDEN), plain(HIDDEN, 2 * WIDTH))
        : new Expert(
            weight(kind, WIDTH, HIDDEN), weight(kind, WIDTH, HIDDEN), weight(kind, HIDDEN, WIDTH));
  }

  private MatrixSource plain(int outputs, int inputs) {
    return new MatrixSource.Plain(
        TestTensors.random(random, DType.BF16, 1 / Math.sqrt(inputs), outputs, inputs),
        MatrixSource.Order.OUT_IN);
  }

  /** Logits a, -a and 0: every expert is chosen by some rows. */
  private MatrixSource router() {
    float[] weights = new float[EXPERTS * HIDDEN];
    for (int i = 0; i < HIDDEN; i++) {
      weights[i] = 0x1p-10f * random.nextInt(8);
      weights[HIDDEN + i] = -weights[i];
    }
    return new MatrixSource.Plain(
        TestTensors.of(DType.BF16, Shape.of(EXPERTS, HIDDEN), weights), MatrixSource.Order.OUT_IN);
  }

  /** A norm that rounds to FP8 at once, against rows that are rounded when they are needed. */
  @Test
  void shouldNormIntoFloat8WithTheBitsOfRoundingLater() {
    for (int inputs : new int[] {192, HIDDEN}) {
      MatrixSource weight = float8(40, inputs, 40);
      MatrixSource other = float8(24, inputs, 24);
      float[] in = values(ROWS * inputs);
      float[] scale = values(inputs);
      try (CudaBackend backend = (CudaBackend) TestCuda.backend()) {
        Matrix packed = backend.matrix(List.of(weight));
        Matrix second = backend.matrix(List.of(other));
        Vector factors = backend.vector(TestTensors.f32(Shape.of(inputs), scale));
        Rows hidden = backend.rows(ROWS, inputs);
        Rows normed = backend.rows(ROWS, inputs);
        Rows copied = backend.rows(ROWS, inputs);
        Rows to = backend.rows(ROWS, 40);
        Rows toSecond = backend.rows(ROWS, 24);
        backend.begin(layout());
        backend.write(hidden, in);
        backend.norm(hidden, factors, 1e-5f, normed);
        backend.project(normed, packed, to);
        backend.project(normed, second, toSecond);
        // only rows of whole 16 bytes are read as the norm leaves them
        assertThat(backend.products().roundings()).isEqualTo(inputs == 192 ? 0 : 2);
        float[] atOnce = read(backend, to);
        float[] secondAtOnce = read(backend, toSecond);
        float[] rounded = read(backend, normed);

        backend.write(copied, rounded);
        backend.project(copied, packed, to);
        assertThat(read(backend, to)).isEqualTo(atOnce);
        // the scratch memory now holds other rows than those of the norm
        backend.write(copied, values(ROWS * inputs));
        backend.project(copied, packed, to);
        backend.project(normed, second, toSecond);
        assertThat(read(backend, toSecond)).isEqualTo(secondAtOnce);
        // and rows that were written over are not those of the norm any more
        backend.norm(hidden, factors, 1e-5f, normed);
        backend.write(normed, values(ROWS * inputs));
        backend.project(normed, packed, to);
        assertThat(read(backend, to)).isNotEqualTo(atOnce);
      }
    }
  }

  @Test
  void shouldKeepTheBitsOfTheFile() {
    assertThat(WeightFormat.of(List.of(float8(8, 64, 8))).bytes(64, 128))
        .isEqualTo(64 * 128 + 64 * 4);
    assertThat(WeightFormat.of(List.of(int4(8, 128, 128, true))))
        .isEqualTo(new WeightFormat(WeightFormat.Kind.INT4, 64, true));
    assertThat(WeightFormat.of(List.of(int4(8, 128, 8, false)))).isEqualTo(WeightFormat.BF16);
    assertThat(WeightFormat.of(List.of(reordered(int4(8, 128, 128, false)))))
        .isEqualTo(WeightFormat.BF16);
    int[] consecutive = IntStream.range(0, 128).map(i -> i / 64).toArray();
    assertThat(WeightFormat.of(List.of(withGroups(int4(8, 128, 128, false), consecutive))))
        .isEqualTo(new WeightFormat(WeightFormat.Kind.INT4, 64, false));
    assertThat(WeightFormat.of(List.of(float8(8, 64, 8), plain(8, 64))))
        .isEqualTo(WeightFormat.BF16);
  }

  @Test
  void shouldRefuseWeightsThatAreNotNumbers() {
    byte[] values = new byte[64 * 64];
    values[77] = 0x7f;
    MatrixSource damaged =
        new Float8Channels(
            new Tensor("w", DType.F8_E4M3, Shape.of(64, 64), MemorySegment.ofArray(values)),
            TestTensors.f32(Shape.of(1), 1));
    try (ComputeBackend backend = TestCuda.backend()) {
      backend.matrix(List.of(damaged));
      backend.rows(ROWS, 64);
      assertThatThrownBy(() -> backend.begin(layout()))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("1 FP8 weights of the checkpoint are not numbers");
    }
  }
}
