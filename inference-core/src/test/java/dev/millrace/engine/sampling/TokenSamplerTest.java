package dev.millrace.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.request.SamplingParams;
import java.util.Arrays;
import java.util.Comparator;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenSamplerTest {
  /** Probabilities 0.1, 0.4, 0.2, 0.3 at temperature 1. */
  private static final RowLogits LOGITS =
      new RowLogits(
          new float[] {
            (float) Math.log(0.1),
            (float) Math.log(0.4),
            (float) Math.log(0.2),
            (float) Math.log(0.3)
          });

  private final TokenSampler sampler = new TokenSampler();

  @Test
  void shouldTakeTheSmallestOfTheLikeliestWhenGreedy() {
    RowLogits tied = new RowLogits(new float[] {1, 3, 2, 3});

    assertThat(sampler.choose(tied, 0, SamplingParams.GREEDY, 0)).isEqualTo(1);
  }

  @Test
  void shouldFollowTheProbabilities() {
    double[] shares = shares(new SamplingParams(1, 1, 11));

    assertThat(shares[0]).isCloseTo(0.1, within(0.01));
    assertThat(shares[1]).isCloseTo(0.4, within(0.01));
    assertThat(shares[2]).isCloseTo(0.2, within(0.01));
    assertThat(shares[3]).isCloseTo(0.3, within(0.01));
  }

  @Test
  void shouldKeepTheShortestBeginningThatReachesTopP() {
    // 0.4 + 0.3 reach 0.7: of these two, 4 of 7 and 3 of 7
    double[] shares = shares(new SamplingParams(1, 0.69, 12));

    assertThat(shares[0]).isZero();
    assertThat(shares[2]).isZero();
    assertThat(shares[1]).isCloseTo(4 / 7.0, within(0.01));
  }

  @Test
  void shouldSharpenWithALowTemperature() {
    // squares of the probabilities: 1, 16, 4, 9 of 30
    double[] shares = shares(new SamplingParams(0.5, 1, 13));

    assertThat(shares[0]).isCloseTo(1 / 30.0, within(0.01));
    assertThat(shares[1]).isCloseTo(16 / 30.0, within(0.01));
  }

  @Test
  void shouldBeGreedyWhenTopPIsTiny() {
    RowLogits tied = new RowLogits(new float[] {1, 3, 2, 3});
    for (int position = 0; position < 100; position++) {
      assertThat(sampler.choose(tied, 0, new SamplingParams(2, 1e-9, 5), position)).isEqualTo(1);
    }
  }

  @Test
  void shouldPassOverImpossibleTokens() {
    float minus = Float.NEGATIVE_INFINITY;
    RowLogits one = new RowLogits(new float[] {minus, minus, 5, minus});

    assertThat(sampler.choose(one, 0, new SamplingParams(1, 1, 5), 3)).isEqualTo(2);
  }

  @Test
  void shouldGiveATokenOfTheVocabularyForARowWithoutNumbers() {
    RowLogits nothing = new RowLogits(new float[] {Float.NaN, Float.NaN});

    assertThat(sampler.choose(LOGITS, 0, new SamplingParams(1, 1, 5), 3)).isBetween(0, 3);
    assertThat(sampler.choose(nothing, 0, new SamplingParams(1, 1, 5), 3)).isBetween(0, 1);
  }

  @Test
  void shouldOrderByFallingLogitOverALargeVocabulary() {
    Random random = new Random(3);
    float[] row = new float[5000];
    for (int i = 0; i < row.length; i++) {
      row[i] = random.nextInt(40) / 4f;
    }
    for (int position = 0; position < 200; position++) {
      SamplingParams params = new SamplingParams(0.7, 0.9, 77);
      assertThat(sampler.choose(new RowLogits(row), 0, params, position))
          .as("position %d", position)
          .isEqualTo(bySorting(row, params, position));
    }
  }

  @Test
  void shouldTakeTheChoiceOfADeviceThatMakesOne() {
    Logits device =
        new RowLogits(new float[] {0, 0, 0}) {
          @Override
          public OptionalInt choose(int row, double temperature, double topP, double uniform) {
            assertThat(temperature).isEqualTo(0.7);
            assertThat(topP).isEqualTo(0.9);
            assertThat(uniform).isEqualTo(CounterRandom.uniform(5, 17));
            return OptionalInt.of(2);
          }

          @Override
          public void copy(int row, float[] out) {
            throw new AssertionError("the row stays on the device");
          }
        };

    assertThat(sampler.choose(device, 0, new SamplingParams(0.7, 0.9, 5), 17)).isEqualTo(2);
  }

  /** The definition, by sorting everything. */
  private static int bySorting(float[] row, SamplingParams params, long position) {
    Integer[] order = new Integer[row.length];
    double total = 0;
    double max = row[LogSoftmax.argmax(row)];
    double[] weights = new double[row.length];
    for (int i = 0; i < row.length; i++) {
      order[i] = i;
      weights[i] = StrictMath.exp((row[i] - max) / params.temperature());
      total += weights[i];
    }
    Arrays.sort(
        order,
        Comparator.<Integer>comparingDouble(id -> -row[id])
            .thenComparing(Comparator.naturalOrder()));
    int kept = 0;
    double mass = 0;
    while (kept < row.length && (kept == 0 || mass < params.topP() * total)) {
      mass += weights[order[kept++]];
    }
    double point = CounterRandom.uniform(params.seed(), position) * mass;
    double passed = 0;
    for (int i = 0; i < kept; i++) {
      passed += weights[order[i]];
      if (point < passed) {
        return order[i];
      }
    }
    return order[kept - 1];
  }

  private double[] shares(SamplingParams params) {
    int draws = 40_000;
    double[] shares = new double[4];
    for (int position = 0; position < draws; position++) {
      shares[sampler.choose(LOGITS, 0, params, position)] += 1.0 / draws;
    }
    return shares;
  }
}
