package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Answers.Likeliest;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.ClassifyAny;
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
    Classify task = task(0);

    Classification found =
        Calibration.classify(task, new double[] {Math.log(0.2), Math.log(0.6), Math.log(0.2)});

    Likeliest likeliest = found.likeliest().orElseThrow();
    assertThat(likeliest.label()).isEqualTo("Green");
    assertThat(likeliest.probability()).isCloseTo(0.6, within(1e-12));
    assertThat(likeliest.margin()).isCloseTo(0.4, within(1e-12));
    assertThat(found.labels()).containsExactly("Green");
    assertThat(found.distribution().keySet()).containsExactly("Green", "Red", "Blue");
    assertThat(found.abstained()).isFalse();
  }

  @Test
  void shouldAbstainBelowTheThresholdAndStillNameTheLabel() {
    double[] scores = {Math.log(0.2), Math.log(0.6), Math.log(0.2)};

    Classification found = Calibration.classify(task(0.61), scores);

    assertThat(found.abstained()).isTrue();
    assertThat(found.likeliest().orElseThrow().label()).isEqualTo("Green");
    assertThat(found.labels()).isEmpty();
  }

  @Test
  void shouldJudgeEachOfAnyNumberOfLabelsOnItsOwn() {
    ClassifyAny task = new ClassifyAny("tags", "main", "{label}?", LABELS, 2, 0.5, "yes", "no");
    List<double[]> answers =
        List.of(
            new double[] {Math.log(0.2), Math.log(0.2)},
            new double[] {Math.log(0.01), Math.log(0.09)},
            new double[] {Math.log(0.16), Math.log(0.01)});

    Classification found = Calibration.classify(task, answers);

    assertThat(found.likeliest()).isEmpty();
    assertThat(found.labels()).as("from the threshold on").containsExactly("Blue", "Red");
    assertThat(found.distribution().keySet()).containsExactly("Blue", "Red", "Green");
    assertThat(found.distribution().get("Blue")).isCloseTo(0.8, within(1e-12));
    assertThat(found.distribution().get("Red")).isEqualTo(0.5);
    assertThat(found.distribution().get("Green")).isCloseTo(0.25, within(1e-12));
  }

  @Test
  void shouldBeSureOfAnAnswerThatCannotBe() {
    ClassifyAny task = new ClassifyAny("tags", "main", "{label}?", LABELS, 1, 0.5, "yes", "no");
    double never = Double.NEGATIVE_INFINITY;

    Classification found =
        Calibration.classify(
            task,
            List.of(new double[] {-1, never}, new double[] {never, -1}, new double[] {-1, -2}));

    assertThat(found.distribution()).containsEntry("Red", 1.0).containsEntry("Green", 0.0);
  }

  private static Classify task(double abstainBelow) {
    return new Classify("kind", "main", "", LABELS, 1, abstainBelow);
  }
}
