package dev.millrace.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.reference.ReferenceProvider;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.checkpoint.RandomWeights;
import dev.millrace.engine.checkpoint.RandomWeights.Quantisation;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RandomWeightsTest {

  private static final int[] TOKENS = {
    3, 500, 7, 7, 42, 0, 511, 19, 256, 8, 8, 9, 1, 2, 3, 4, 5, 6
  };

  @TempDir private static Path unpacked;

  @ParameterizedTest
  @EnumSource
  void shouldRunAsAModelDoes(Quantisation quantisation) {
    float[][] logits = logits("scout", quantisation, 5);

    assertThat(logits).hasDimensions(TOKENS.length, 512);
    for (float[] row : logits) {
      double sum = 0;
      for (float value : row) {
        assertThat(value).isFinite();
        sum += value * value;
      }
      assertThat(Math.sqrt(sum / row.length)).as("spread of logits").isBetween(0.1, 10.0);
    }
    assertThat(logits[0]).isNotEqualTo(logits[1]);
    assertThat(logits("scout", quantisation, 5)).isDeepEqualTo(logits);
    assertThat(logits("scout", quantisation, 6)[0]).isNotEqualTo(logits[0]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"maverick", "llama3"})
  void shouldFollowEveryKindOfConfiguration(String golden) {
    assertThat(logits(golden, Quantisation.INT4, 5)).hasDimensions(TOKENS.length, 512);
  }

  private static float[][] logits(String golden, Quantisation quantisation, long seed) {
    ModelConfig config = ModelConfig.read(GoldenCase.open(golden, unpacked).directory());
    try (RandomWeights weights = new RandomWeights(config, quantisation, seed);
        DecoderModel model =
            DecoderModel.load(
                weights,
                new ReferenceProvider().create(BackendOptions.DEFAULTS),
                new ModelLimits(32, 1, 4 << 20, 8))) {
      return new Driver(model).logits(TOKENS, TOKENS.length);
    }
  }
}
