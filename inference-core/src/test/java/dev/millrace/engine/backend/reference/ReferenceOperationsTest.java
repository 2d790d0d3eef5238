package dev.millrace.engine.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import dev.millrace.engine.tensor.TestTensors;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Operations against values worked out by hand. */
final class ReferenceOperationsTest {

  private static final Offset<Double> EXACT = within(1e-12);

  @Test
  void shouldDivideByTheRootOfTheMeanSquare() {
    double[] out = new double[3];

    // mean square of (3, 4) is 12.5; the element before them does not count
    RmsNorm.apply(new double[] {100, 3, 4}, 1, new float[] {1, 2}, 0, out, 1);

    assertThat(out)
        .containsExactly(new double[] {0, 0.6 * Math.sqrt(2), 1.6 * Math.sqrt(2)}, EXACT);
  }

  @Test
  void shouldAddEpsilonInsideTheRoot() {
    double[] unit = {3, 4};
    RmsNorm.unit(unit, 0, 2, 3.5);
    assertThat(unit).containsExactly(new double[] {0.75, 1}, EXACT);

    double[] zeros = {0, 0};
    RmsNorm.unit(zeros, 0, 2, 1e-5);
    assertThat(zeros).containsExactly(0, 0);
  }

  @Test
  void shouldRotateNeighboursWhenInterleaved() {
    double[] head = {9, 1, 2, 3, 4};

    // a quarter turn of (1, 2) and half a turn of (3, 4)
    Rotary.apply(head, 1, new double[] {Math.PI / 2, Math.PI}, Pairing.INTERLEAVED, 1);

    assertThat(head).containsExactly(new double[] {9, -2, 1, -3, -4}, EXACT);
  }

  @Test
  void shouldRotateHalvesWhenHalved() {
    double[] head = {1, 2, 3, 4};

    // a quarter turn of (1, 3) and half a turn of (2, 4)
    Rotary.apply(head, 0, new double[] {Math.PI / 2, Math.PI}, Pairing.HALVES, 1);

    assertThat(head).containsExactly(new double[] {-3, -2, 1, -4}, EXACT);
  }

  @Test
  void shouldTurnInProportionToThePosition() {
    double[] head = {1, 0};
    Rotary.apply(head, 0, new double[] {Math.PI / 12}, Pairing.INTERLEAVED, 4);
    assertThat(head).containsExactly(new double[] {0.5, Math.sqrt(3) / 2}, EXACT);
  }

  @Test
  void shouldNormalizeHeadsAfterRotating() {
    AttentionSpec spec =
        new AttentionSpec(
            1,
            1,
            4,
            new RotaryEmbedding(new double[] {0.3, 0.7}, Pairing.INTERLEAVED),
            new HeadNorm.Unit(1),
            Visible.FULL,
            Temperature.NONE);
    double[] head = {1, 2, 3, 4};
    double[] rotated = head.clone();
    Rotary.apply(rotated, 0, spec.rotary().frequencies(), Pairing.INTERLEAVED, 5);

    Rotary.head(head, 0, spec, new float[0], spec.rotary().frequencies(), 5);

    // rotation keeps the mean square: 7.5, and epsilon is 1
    for (int i = 0; i < 4; i++) {
      assertThat(head[i]).isEqualTo(rotated[i] / Math.sqrt(8.5), EXACT);
    }
  }

  @Test
  void shouldNormalizeWithALearntWeightBeforeRotating() {
    // at position 1 the pair (1, 3) makes a quarter turn, (2, 4) half a turn
    AttentionSpec spec =
        new AttentionSpec(
            1,
            1,
            4,
            new RotaryEmbedding(new double[] {Math.PI / 2, Math.PI}, Pairing.HALVES),
            new HeadNorm.Learnt(1),
            Visible.FULL,
            Temperature.NONE);
    double[] head = {1, 2, 3, 4};

    Rotary.head(head, 0, spec, new float[] {1, 10, 100, 1000}, spec.rotary().frequencies(), 1);

    // the mean square is 7.5, and epsilon is 1: (1, 20, 300, 4000) / r, then turned
    double r = Math.sqrt(8.5);
    assertThat(head)
        .containsExactly(new double[] {-300 / r, -20 / r, 1 / r, -4000 / r}, within(1e-9));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1",
    "8190, 1",
    "8191, 1.069315",
    "16383, 1.109861",
    "32767, 1.160944",
    "131071, 1.283321",
    "1048575, 1.485981"
  })
  void shouldRaiseTheTemperatureWithThePosition(int position, double factor) {
    assertThat(new Temperature(8192, 0.1).factor(position)).isEqualTo(factor, within(5e-7));
    assertThat(Temperature.NONE.factor(position)).isEqualTo(1);
  }

  @Test
  void shouldSpreadSoftmaxWithoutOverflow() {
    double[] values = {1000, 1000 + Math.log(3), -1e300};
    Attention.softmax(values);
    assertThat(values).containsExactly(new double[] {0.25, 0.75, 0}, EXACT);
  }

  @Test
  void shouldScaleTheInputOfTheChosenExpertAndAddTheSharedOne() {
    MoeBlock block =
        new MoeBlock(
            new MoeSource(
                matrix(4, 2, 1, 0, 0, 1, -1, 0, 0, -1),
                new Router.SigmoidOnInput(),
                List.of(
                    expert(new float[] {1, 1}, new float[] {1, -1}, new float[] {1, 2}),
                    expert(new float[] {7, 7}, new float[] {7, 7}, new float[] {7, 7}),
                    expert(new float[] {9, 9}, new float[] {9, 9}, new float[] {9, 9}),
                    expert(new float[] {.5f, -1}, new float[] {1, .25f}, new float[] {-2, 1})),
                List.of(expert(new float[] {0, 1}, new float[] {1, 0}, new float[] {1, -1})),
                1));
    double[] in = {2, 1, -1, -3};
    double[] out = {10, 20, 10, 20};

    block.applyAdd(in, 0, out, 0);
    block.applyAdd(in, 2, out, 2);

    // Row (2, 1): logits 2 1 -2 -1, expert 0, score s = sigmoid(2) = 0.880797; gate 3s, up s;
    // silu(3s) * s = 2.172732 = h; routed (h, 2h); shared silu(1) * 2 = 1.462117 = r; (r, -r).
    // Were the score applied to the output, h would be 2.517074.
    assertThat(out[0]).isEqualTo(13.634849044385625, EXACT);
    assertThat(out[1]).isEqualTo(22.88334661699122, EXACT);
    // Row (-1, -3): logits -1 -3 1 3, expert 3, score sigmoid(3) = 0.952574.
    assertThat(out[2]).isEqualTo(17.410309680595397, EXACT);
    assertThat(out[3]).isEqualTo(16.223706349935952, EXACT);
  }

  @ParameterizedTest
  @CsvSource({
    "false, 0.6652409557748219, 0.2447284710547977",
    "true, 0.7310585786300049, 0.2689414213699951"
  })
  void shouldWeighOutputsByTheSoftmaxOfTheLogits(boolean normalised, double first, double second) {
    MoeBlock block =
        new MoeBlock(
            new MoeSource(
                matrix(3, 2, 2, 0, 0, 1, 0, 0),
                new Router.SoftmaxOnOutput(normalised),
                List.of(
                    expert(new float[] {1, 1}, new float[] {.5f, .5f}, new float[] {1, 2}),
                    expert(new float[] {0, 1}, new float[] {2, 0}, new float[] {1, -1}),
                    expert(new float[] {9, 9}, new float[] {9, 9}, new float[] {9, 9})),
                List.of(),
                2));
    double[] out = {10, 20};

    block.applyAdd(new double[] {1, 1}, 0, out, 0);

    // Logits 2 1 0: weights e^2 and e of their sum with 1, or of e^2 + e. Expert 0: silu(2) * 1 =
    // g,
    // (g, 2g); expert 1: silu(1) * 2 = h, (h, -h). The third is not chosen.
    double g = 2 / (1 + Math.exp(-2));
    double h = 2 / (1 + Math.exp(-1));
    assertThat(out[0]).isEqualTo(10 + first * g + second * h, EXACT);
    assertThat(out[1]).isEqualTo(20 + 2 * first * g - second * h, EXACT);
  }

  @Test
  void shouldChooseTheLargestAndTheFirstOfEqualLogits() {
    assertThat(MoeBlock.largest(new double[] {1, 3, 3, 2}, 1))
        .containsExactly(false, true, false, false);
    assertThat(MoeBlock.largest(new double[] {1, 3, 3, 2}, 3))
        .containsExactly(false, true, true, true);
    assertThat(MoeBlock.largest(new double[] {-5, -7}, 1)).containsExactly(true, false);
  }

  @Test
  void shouldGiveTheSameBitsWhetherAWeightIsKeptOrReadAgain() {
    SplittableRandom random = new SplittableRandom(7);
    Tensor fused = TestTensors.random(random, DType.BF16, 1, 33, 20);
    List<MatrixSource> sources =
        List.of(
            new MatrixSource.Plain(
                TestTensors.random(random, DType.F16, 1, 5, 33), MatrixSource.Order.OUT_IN),
            new MatrixSource.Plain(fused, MatrixSource.Order.IN_OUT),
            new MatrixSource.Columns(fused, 10, 10));
    double[] in = random.doubles(40, -1, 1).toArray();
    double[] kept = new double[36];
    double[] read = new double[36];

    new HostMatrix(sources).apply(in, 7, kept, 1);
    new HostMatrix(sources, 0).apply(in, 7, read, 1);

    assertThat(kept).containsExactly(read);
    // the columns are the second half of the fused tensor's outputs
    assertThat(Arrays.copyOfRange(kept, 26, 36)).containsExactly(Arrays.copyOfRange(kept, 16, 26));
    float[] row = new float[33];
    fused.readFloats(0, row, 0, 20);
    double first = row[13];
    new HostMatrix(sources).row(5 + 13, row);
    assertThat((double) row[0]).isEqualTo(first);
  }

  @Test
  void shouldAnswerQuestionsAboutLogits() {
    HostLogits logits = new HostLogits(3, new float[][] {{1, 5, 5}, {0, 0, (float) Math.log(2)}});
    double[] out = new double[2];

    logits.logProbabilities(1, new int[] {2, 0}, out);

    assertThat(logits.argmax(0)).isEqualTo(1);
    assertThat(out).containsExactly(new double[] {Math.log(0.5), Math.log(0.25)}, within(1e-7));
  }

  static MatrixSource matrix(int outputs, int inputs, float... values) {
    return new MatrixSource.Plain(
        TestTensors.f32(Shape.of(outputs, inputs), values), MatrixSource.Order.OUT_IN);
  }

  private static MoeSource.Expert expert(float[] gate, float[] up, float[] down) {
    return new MoeSource.Expert(matrix(1, 2, gate), matrix(1, 2, up), matrix(2, 1, down));
  }
}
