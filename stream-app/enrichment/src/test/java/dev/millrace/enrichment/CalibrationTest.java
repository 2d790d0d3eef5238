package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.enrichment.Enrichment.Classification;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.Label;
import java.util.List;
import org.junit.jupiter.api.Test;

class CalibrationTest {
  private static final List<Label> LABELS =
      List.of(new Label("Red", "r"), new Label("Green", "g"), new Label("Blue", "b"));

  @Test
  void shouldTurnScoresIntoProbabilities() {
    double[] scores = {Math.log(0.1), Math.log(0.2), Math.log(0.1)};

    assertThat(Calibration.probabilities(scores, 1))
        .containsExactly(new double[] {0.25, 0.5, 0.25}, within(1e-12));
    assertThat(Calibration.probabilities(scores, 0.5))
        .containsExactly(new double[] {1 / 6.0, 4 / 6.0, 1 / 6.0}, within(1e-12));
  }

  @Test
  void shouldSurviveScoresFarBelowZero() {
    assertThat(Calibration.probabilities(new double[] {-1e6, -1e6, -2e6}, 1))
        .containsExactly(new double[] {0.5, 0.5, 0}, within(1e-12));
    assertThatThrownBy(() -> Calibration.probabilities(new double[] {Double.NaN, Double.NaN}, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldOrderTheDistributionAndKeepThePlansOrderAmongEquals() {
    Classify task = new Classify("", LABELS, 1, 0);

    Classification found =
        Calibration.classify(task, new double[] {Math.log(0.2), Math.log(0.6), Math.log(0.2)});

    assertThat(found.label()).isEqualTo("Green");
    assertThat(found.probability()).isCloseTo(0.6, within(1e-12));
    assertThat(found.margin()).isCloseTo(0.4, within(1e-12));
    assertThat(found.distribution().keySet()).containsExactly("Green", "Red", "Blue");
    assertThat(found.abstained()).isFalse();
  }

  @Test
  void shouldAbstainBelowTheThresholdAndStillNameTheLabel() {
    double[] scores = {Math.log(0.2), Math.log(0.6), Math.log(0.2)};

    assertThat(Calibration.classify(new Classify("", LABELS, 1, 0.61), scores).abstained())
        .isTrue();
    assertThat(Calibration.classify(new Classify("", LABELS, 1, 0.61), scores).label())
        .isEqualTo("Green");
  }
}
