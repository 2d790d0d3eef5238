package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.backend.Fixtures.Extents;
import dev.millrace.engine.backend.ToleranceTable.Operation;
import dev.millrace.engine.backend.reference.ReferenceProvider;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.sampling.CounterRandom;
import dev.millrace.engine.sampling.RowLogits;
import dev.millrace.engine.sampling.TokenSampler;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.TestTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operation of a backend against the reference, over row counts and values that go wrong
 * easily. A backend's test extends this class, once per arithmetic.
 */
public abstract class BackendParityKit {

  /** A fresh backend; the kit closes it. */
  protected abstract ComputeBackend backend();

  /** Rows that the backend computes at once; the kit goes around it. */
  protected int tile() {
    return 16;
  }

  /** Extents to be tested: small odd ones, and ones that a device likes. */
  protected List<Extents> extents() {
    return List.of(new Extents(72, 3, 1, 16, 40, 3, 101), new Extents(128, 4, 2, 64, 192, 8, 256));
  }

  /** Row counts that go wrong easily. */
  protected List<Integer> rowCounts() {
    return List.of(1, 2, tile() - 1, tile(), tile() + 1, 2 * tile() + 1, 65);
  }

  /** Runs one operation on a backend and gives its result. */
  interface Run extends Function<ComputeBackend, float[]> {}

  private Stream<DynamicTest> each(String name, Operation operation, Checked checked) {
    List<DynamicTest> tests = new ArrayList<>();
    for (Extents extents : extents()) {
      for (int rows : rowCounts()) {
        String what = String.format(Locale.ROOT, "%s T=%d %s", name, rows, extents);
        Fixtures fixtures = new Fixtures(rows);
        tests.add(
            DynamicTest.dynamicTest(
                what, () -> check(what, operation, checked.run(fixtures, extents, rows))));
      }
    }
    return tests.stream();
  }

  /** Prepares inputs and gives what is to be run on both backends. */
  private interface Checked {
    Comparison run(Fixtures fixtures, Extents extents, int rows);
  }

  /**
   * What is run on both backends.
   *
   * @param width elements of a row of the result
   * @param run the operation
   */
  record Comparison(int width, Run run) {}

  private void check(String what, Operation operation, Comparison comparison) {
    float[] expected;
    try (ComputeBackend reference = new ReferenceProvider().create(BackendOptions.DEFAULTS)) {
      expected = comparison.run().apply(reference);
    }
    try (ComputeBackend subject = backend()) {
      float[] found = comparison.run().apply(subject);
      double share = ToleranceTable.allowed(subject.info().arithmetic(), operation);
      assertThat(Verdict.compare(what, expected, found, comparison.width(), share)).isEmpty();
    }
  }

  @TestFactory
  Stream<DynamicTest> shouldEmbedAsTheReferenceDoes() {
    return each(
        "embed",
        Operation.EMBED,
        (fixtures, extents, rows) -> {
          MatrixSource table = fixtures.linear(extents.vocabulary(), extents.hidden());
          int[] tokens = new int[rows];
          Arrays.setAll(
              tokens,
              i -> i == 0 ? extents.vocabulary() - 1 : fixtures.below(extents.vocabulary()));
          return new Comparison(
              extents.hidden(),
              backend -> {
                Matrix packed = backend.embedding(table);
                Rows hidden = backend.rows(rows, extents.hidden());
                backend.begin(
                    new StepLayout(List.of(new StepLayout.Run(tokens, 0, new int[] {0}))));
                backend.embed(packed, hidden);
                return read(backend, hidden, rows);
              });
        });
  }

  @TestFactory
  Stream<DynamicTest> shouldNormAsTheReferenceDoes() {
    return each(
        "norm",
        Operation.NORM,
        (fixtures, extents, rows) -> {
          int width = extents.hidden();
          var weight = fixtures.vector(width);
          float[] values = fixtures.values(rows * width, 1);
          // awkward rows: zeros, tiny, huge
          scaleRow(values, width, rows - 1, 0);
          scaleRow(values, width, rows / 2, rows > 4 ? 0x1p-60f : 1);
          scaleRow(values, width, rows / 3, rows > 4 ? 0x1p40f : 1);
          return new Comparison(
              width,
              backend -> {
                Vector packed = backend.vector(weight);
                Rows hidden = backend.rows(rows, width);
                Rows out = backend.rows(rows, width);
                backend.begin(layout(rows));
                backend.write(hidden, values);
                backend.norm(hidden, packed, 1e-5f, out);
                return read(backend, out, rows);
              });
        });
  }

  @TestFactory
  Stream<DynamicTest> shouldProjectAsTheReferenceDoes() {
    return each(
        "project",
        Operation.PROJECT,
        (fixtures, extents, rows) -> {
          List<MatrixSource> stacked =
              List.of(
                  fixtures.linear(extents.queryHeads() * extents.headDimension(), extents.hidden()),
                  fixtures.linear(
                      DType.F32, extents.kvHeads() * extents.headDimension(), extents.hidden()),
                  fixtures.transposed(
                      extents.kvHeads() * extents.headDimension(), extents.hidden()));
          float[] values = fixtures.values(rows * extents.hidden(), 1);
          return new Comparison(
              extents.qkvWidth(),
              backend -> {
                Matrix packed = backend.matrix(stacked);
                Rows in = backend.rows(rows, extents.hidden());
                Rows out = backend.rows(rows, extents.qkvWidth());
                backend.begin(layout(rows));
                backend.write(in, values);
                backend.project(in, packed, out);
                return read(backend, out, rows);
              });
        });
  }

  @TestFactory
  Stream<DynamicTest> shouldProjectSomeRowsAsItDoesAll() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Extents extents : extents()) {
      for (int rows : new int[] {1, tile() + 3, 2 * tile() + 1}) {
        String what = String.format(Locale.ROOT, "projectSome, %d rows, %s", rows, extents);
        tests.add(DynamicTest.dynamicTest(what, () -> checkSome(extents, rows)));
      }
    }
    return tests.stream();
  }

  private void checkSome(Extents extents, int rows) {
    Fixtures fixtures = new Fixtures(rows);
    int width = extents.qkvWidth();
    int first = extents.queryHeads() * extents.headDimension();
    List<MatrixSource> stacked =
        List.of(
            fixtures.linear(first, extents.hidden()),
            fixtures.linear(width - first, extents.hidden()));
    float[] values = fixtures.values(rows * extents.hidden(), 1);
    float[] unused = new float[rows * width];
    Arrays.fill(unused, Float.NaN);
    int[] last = {rows - 1};
    int[] gaps = IntStream.range(0, rows).filter(row -> row % 5 == 2).toArray();
    int[] every = IntStream.range(0, rows).toArray();
    for (int[] wanted : List.of(new int[0], last, gaps, every)) {
      float[][] found = new float[2][];
      try (ComputeBackend backend = backend()) {
        Matrix packed = backend.matrix(stacked);
        Rows in = backend.rows(rows, extents.hidden());
        Rows out = backend.rows(rows, width);
        backend.begin(layout(rows));
        backend.write(in, values);
        backend.project(in, packed, out);
        found[0] = read(backend, out, rows);
        backend.write(out, unused);
        backend.projectSome(in, packed, out, first, wanted);
        found[1] = read(backend, out, rows);
      }
      for (int row = 0; row < rows; row++) {
        boolean whole = Arrays.binarySearch(wanted, row) >= 0;
        int from = row * width + (whole ? 0 : first);
        assertThat(Arrays.copyOfRange(found[1], from, (row + 1) * width))
            .as("row %d, %d of %d wanted", row, wanted.length, rows)
            .isEqualTo(Arrays.copyOfRange(found[0], from, (row + 1) * width));
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> shouldProjectAndAddAsTheReferenceDoes() {
    return each(
        "projectAdd",
        Operation.PROJECT,
        (fixtures, extents, rows) -> {
          int inputs = extents.queryHeads() * extents.headDimension();
          MatrixSource weight = fixtures.linear(DType.F16, extents.hidden(), inputs);
          float[] values = fixtures.values(rows * inputs, 1);
          float[] residual = fixtures.values(rows * extents.hidden(), 4);
          return new Comparison(
              extents.hidden(),
              backend -> {
                Matrix packed = backend.matrix(List.of(weight));
                Rows in = backend.rows(rows, inputs);
                Rows hidden = backend.rows(rows, extents.hidden());
                backend.begin(layout(rows));
                backend.write(in, values);
                backend.write(hidden, residual);
                backend.projectAdd(in, packed, hidden);
                return read(backend, hidden, rows);
              });
        });
  }

  @TestFactory
  Stream<DynamicTest> shouldFeedForwardAsTheReferenceDoes() {
    return each(
        "feedForward",
        Operation.FEED_FORWARD,
        (fixtures, extents, rows) -> {
          MatrixSource gate = fixtures.linear(extents.width(), extents.hidden());
          MatrixSource up = fixtures.linear(extents.width(), extents.hidden());
          MatrixSource down = fixtures.linear(extents.hidden(), extents.width());
          float[] values = fixtures.values(rows * extents.hidden(), 1);
          // a row that drives silu to both ends
          scaleRow(values, extents.hidden(), rows - 1, 4096);
          float[] residual = fixtures.values(rows * extents.hidden(), 1);
          return new Comparison(
              extents.hidden(),
              backend -> {
                FeedForward packed = backend.feedForward(gate, up, down);
                Rows in = backend.rows(rows, extents.hidden());
                Rows hidden = backend.rows(rows, extents.hidden());
                backend.begin(layout(rows));
                backend.write(in, values);
                backend.write(hidden, residual);
                backend.feedForward(in, packed, hidden);
                return read(backend, hidden, rows);
              });
        });
  }

  @TestFactory
  Stream<DynamicTest> shouldMixExpertsAsTheReferenceDoes() {
    return each(
        "moe, expert 0 empty",
        Operation.MOE,
        (fixtures, extents, rows) ->
            MoeCase.fused(
                fixtures, extents, rows, 1, row -> new int[] {1 + row % (extents.experts() - 1)}));
  }

  @TestFactory
  Stream<DynamicTest> shouldMixExpertsWhenAllTokensTakeOne() {
    return each(
        "moe, all to the last expert",
        Operation.MOE,
        (fixtures, extents, rows) ->
            MoeCase.fused(fixtures, extents, rows, 1, row -> new int[] {extents.experts() - 1}));
  }

  @TestFactory
  Stream<DynamicTest> shouldMixTwoExpertsPerToken() {
    return each(
        "moe, top 2",
        Operation.MOE,
        (fixtures, extents, rows) ->
            MoeCase.fused(
                fixtures,
                extents,
                rows,
                2,
                row -> {
                  int first = fixtures.below(extents.experts());
                  return new int[] {first, (first + 1) % extents.experts()};
                }));
  }

  @TestFactory
  Stream<DynamicTest> shouldMixExpertsWithoutASharedOne() {
    return each(
        "moe, unfused, no shared expert",
        Operation.MOE,
        (fixtures, extents, rows) ->
            MoeCase.unfused(
                fixtures,
                extents,
                rows,
                new Router.SigmoidOnInput(),
                1,
                row -> new int[] {fixtures.below(extents.experts())}));
  }

  @TestFactory
  Stream<DynamicTest> shouldWeighTheOutputsOfExpertsBySoftmax() {
    return Stream.of(true, false)
        .flatMap(normalised ->
            each(
                "moe, softmax, " + (normalised ? "normalised" : "as it is"),
                Operation.MOE,
                (fixtures, extents, rows) ->
                    MoeCase.unfused(
                        fixtures,
                        extents,
                        rows,
                        new Router.SoftmaxOnOutput(normalised),
                        2,
                        row -> {
                          int first = fixtures.below(extents.experts());
                          return new int[] {first, (first + 1) % extents.experts()};
                        })));
  }

  @TestFactory
  Stream<DynamicTest> shouldRouteToEightOfManyExperts() {
    List<DynamicTest> tests = new ArrayList<>();
    for (int experts : new int[] {160, 256}) {
      for (Router rule :
          List.of(
              new Router.SoftmaxOnOutput(true),
              new Router.SoftmaxOnOutput(false),
              new Router.SigmoidOnInput())) {
        for (int rows : new int[] {1, tile() + 1}) {
          String what = String.format(Locale.ROOT, "moe, 8 of %d, %s T=%d", experts, rule, rows);
          Fixtures fixtures = new Fixtures(experts + rows);
          tests.add(
              DynamicTest.dynamicTest(
                  what,
                  () ->
                      check(
                          what,
                          Operation.MOE,
                          MoeCase.many(
                              fixtures,
                              experts,
                              rows,
                              rule,
                              8,
                              row ->
                                  IntStream.range(0, 8)
                                      .map(k -> (row * 31 + k * 37 + experts - 1) % experts)
                                      .toArray()))));
        }
      }
    }
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> shouldAttendAsTheReferenceDoes() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Extents extents : extents()) {
      for (AttentionCase attention : AttentionCase.all(extents, tile())) {
        tests.add(
            DynamicTest.dynamicTest(
                attention.what(),
                () ->
                    check(
                        attention.what(),
                        Operation.ATTENTION,
                        new Comparison(attention.resultWidth(), attention::run))));
      }
    }
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> shouldAttendTheRowsItKeepsAsItDoesAll() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Extents extents : extents()) {
      for (AttentionCase attention : AttentionCase.all(extents, tile())) {
        String what = attention.what() + ", some rows kept";
        tests.add(DynamicTest.dynamicTest(what, () -> checkKept(what, attention)));
      }
    }
    return tests.stream();
  }

  private void checkKept(String what, AttentionCase attention) {
    float[] all = withBackend(attention::run);
    int rows = attention.rows();
    int[] last = {rows - 1};
    int[] gaps = IntStream.range(0, rows).filter(row -> row % 5 != 1).toArray();
    int[] every = IntStream.range(0, rows).toArray();
    for (int[] kept : List.of(last, gaps, every)) {
      float[] some = withBackend(backend -> attention.runKeeping(backend, kept));
      String which = what + ": " + kept.length + " of " + rows;
      assertThat(some).as(which).isEqualTo(attention.kept(all, kept));
    }
  }

  private float[] withBackend(Run run) {
    try (ComputeBackend subject = backend()) {
      return run.apply(subject);
    }
  }

  @TestFactory
  Stream<DynamicTest> shouldGiveLogitsAsTheReferenceDoes() {
    return each(
        "logits",
        Operation.LOGITS,
        (fixtures, extents, rows) -> {
          MatrixSource head = fixtures.linear(extents.vocabulary(), extents.hidden());
          var weight = fixtures.vector(extents.hidden());
          float[] values = fixtures.values(rows * extents.hidden(), 1);
          int[] wanted = rows < 3 ? new int[] {rows - 1} : new int[] {0, rows / 2, rows - 1};
          return new Comparison(
              extents.vocabulary(),
              backend -> {
                Matrix packed = backend.matrix(List.of(head));
                Vector norm = backend.vector(weight);
                Rows hidden = backend.rows(rows, extents.hidden());
                backend.begin(layout(rows));
                backend.write(hidden, values);
                Logits logits = backend.logits(hidden, norm, 1e-5f, packed, wanted);
                return copyAndCheck(logits, wanted.length, extents.vocabulary());
              });
        });
  }

  /** Copies all rows after checking that the other answers agree with them. */
  private static float[] copyAndCheck(Logits logits, int rows, int vocabulary) {
    assertThat(logits.rows()).isEqualTo(rows);
    assertThat(logits.vocabulary()).isEqualTo(vocabulary);
    float[] all = new float[rows * vocabulary];
    float[] row = new float[vocabulary];
    for (int r = 0; r < rows; r++) {
      logits.copy(r, row);
      System.arraycopy(row, 0, all, r * vocabulary, vocabulary);
      int best = 0;
      double sum = 0;
      for (int i = 0; i < vocabulary; i++) {
        best = row[i] > row[best] ? i : best;
        sum += Math.exp(row[i]);
      }
      assertThat(logits.argmax(r)).as("argmax of row " + r).isEqualTo(best);
      checkChoices(logits, r, row);
      int[] ids = {vocabulary - 1, 0, best};
      double[] out = new double[3];
      logits.logProbabilities(r, ids, out);
      for (int i = 0; i < ids.length; i++) {
        assertThat(out[i])
            .as("log-probability of %d in row %d", ids[i], r)
            .isEqualTo(row[ids[i]] - Math.log(sum), within(1e-5));
      }
    }
    return all;
  }

  /** A device that chooses tokens by itself chooses those that the host would. */
  private static void checkChoices(Logits logits, int r, float[] row) {
    for (double temperature : new double[] {0.2, 1, 1.7}) {
      for (double topP : new double[] {0.4, 0.95, 1}) {
        SamplingParams params = new SamplingParams(temperature, topP, r);
        OptionalInt chosen = logits.choose(r, temperature, topP, CounterRandom.uniform(r, 100 + r));
        if (chosen.isPresent()) {
          assertThat(chosen.getAsInt())
              .as("token of row %d with %s", r, params)
              .isEqualTo(new TokenSampler().choose(new RowLogits(row), 0, params, 100 + r));
        }
      }
    }
  }

  @Test
  void shouldTakeTheSmallestOfEqualLogits() {
    int width = extents().getFirst().hidden();
    float[] head = new float[7 * width];
    Arrays.fill(head, 3 * width, 4 * width, 1);
    Arrays.fill(head, 5 * width, 6 * width, 1);
    float[] ones = new float[width];
    Arrays.fill(ones, 1);
    try (ComputeBackend backend = backend()) {
      Matrix packed =
          backend.matrix(
              List.of(
                  new MatrixSource.Plain(
                      TestTensors.f32(Shape.of(7, width), head), MatrixSource.Order.OUT_IN)));
      Vector norm = backend.vector(TestTensors.f32(Shape.of(width), ones));
      Rows hidden = backend.rows(1, width);
      backend.begin(layout(1));
      backend.write(hidden, ones);
      Logits logits = backend.logits(hidden, norm, 1e-5f, packed, new int[] {0});
      assertThat(logits.argmax(0)).isEqualTo(3);
    }
  }

  @Test
  void shouldCountTheBytesOfACacheInProportionToItsBlocks() {
    try (ComputeBackend backend = backend()) {
      long one = backend.kvBytes(new KvShape(3, 1, 64, 2, 64));
      assertThat(one).isPositive();
      assertThat(backend.kvBytes(new KvShape(3, 1000, 64, 2, 64))).isEqualTo(1000 * one);
      assertThat(backend.kvBytesAvailable()).isPositive();
      assertThat(backend.kvCache(new KvShape(3, 2, 64, 2, 64)).shape())
          .isEqualTo(new KvShape(3, 2, 64, 2, 64));
    }
  }

  @Test
  void shouldCloseTwice() {
    ComputeBackend backend = backend();
    backend.close();
    backend.close();
    assertThat(backend.info().name()).isNotEmpty();
  }

  static StepLayout layout(int rows) {
    return new StepLayout(List.of(new StepLayout.Run(new int[rows], 0, new int[] {0})));
  }

  static float[] read(ComputeBackend backend, Rows rows, int count) {
    float[] values = new float[count * rows.width()];
    backend.read(rows, values);
    return values;
  }

  private static void scaleRow(float[] values, int width, int row, float factor) {
    for (int i = 0; i < width; i++) {
      values[row * width + i] *= factor;
    }
  }
}
