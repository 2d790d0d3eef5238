package dev.millrace.enrichment.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LabelMeasuresTest {

  @Test
  void shouldCountRightLabelsAmongTheLikeliest() {
    LabelMeasures measures = new LabelMeasures();
    measures.add(logs(0.4, 0.3, 0.2, 0.1), 0);
    measures.add(logs(0.4, 0.3, 0.2, 0.1), 2);
    measures.add(logs(0.4, 0.3, 0.2, 0.1), 3);
    measures.add(logs(0.25, 0.25, 0.25, 0.25), 1);
    measures.addUnanswered();

    assertThat(measures.documents()).isEqualTo(5);
    assertThat(measures.accuracy(1)).isEqualTo(1 / 5.0);
    assertThat(measures.accuracy(2)).isEqualTo(2 / 5.0);
    assertThat(measures.accuracy(3)).isEqualTo(3 / 5.0);
    assertThat(measures.accuracy(4)).isEqualTo(4 / 5.0);
  }

  @Test
  void shouldWeighTheDistanceOfConfidenceAndAccuracyByBins() {
    LabelMeasures measures = new LabelMeasures();
    measures.add(logs(0.9, 0.1), 0); // bin 13 of (0.8667, 0.9333]: 0.9 and 0.92, one right
    measures.add(logs(0.92, 0.08), 1);
    measures.add(logs(0.6, 0.4), 0); // bin 8: 0.6 (its upper edge), right
    measures.add(logs(1, 0), 0); // bin 14: right

    double expected = (Math.abs(1.82 - 1) + Math.abs(0.6 - 1) + 0) / 4;
    assertThat(measures.calibrationError(1)).isCloseTo(expected, within(1e-9));
  }

  @Test
  void shouldSeparateThoseThatAbstain() {
    LabelMeasures measures = new LabelMeasures();
    measures.add(logs(0.9, 0.1), 0);
    measures.add(logs(0.7, 0.3), 1);
    measures.add(logs(0.6, 0.4), 1);
    measures.add(logs(0.6, 0.4), 0);

    assertThat(measures.abstained(1, 0.65)).isEqualTo(0.5);
    assertThat(measures.accuracyWithoutAbstained(1, 0.65)).isEqualTo(0.5);
    assertThat(measures.accuracyWithoutAbstained(1, 0.8)).isEqualTo(1);
    assertThat(measures.abstained(0.5, 0.65)).isEqualTo(0); // 0.6 becomes 0.36 / 0.52
  }

  @Test
  void shouldFitTheTemperatureThatMadeTheLabels() {
    long seed = 20_261_121;
    Random random = new Random(seed);
    LabelMeasures measures = new LabelMeasures();
    double temperature = 2.5;
    for (int i = 0; i < 20_000; i++) {
      double[] scores = random.doubles(5, -10, 0).toArray();
      measures.add(scores, drawn(scores, temperature, random));
    }

    double fitted = measures.fitTemperature();

    assertThat(fitted).as("seed %d", seed).isCloseTo(temperature, within(0.08));
    assertThat(measures.loss(fitted)).isLessThanOrEqualTo(measures.loss(fitted * 1.01));
    assertThat(measures.loss(fitted)).isLessThanOrEqualTo(measures.loss(fitted / 1.01));
    assertThat(measures.calibrationError(fitted))
        .isLessThan(0.02)
        .isLessThan(measures.calibrationError(1) / 5);
  }

  @Test
  void shouldRefuseWhatCannotBeMeasured() {
    LabelMeasures measures = new LabelMeasures();

    assertThatThrownBy(measures::fitTemperature).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> measures.add(new double[] {0, 0}, 2))
        .hasMessage("label must be 0..1, got 2");
    assertThat(measures.accuracy(1)).isZero();
    assertThat(measures.calibrationError(1)).isZero();
  }

  private static int drawn(double[] scores, double temperature, Random random) {
    double sum = 0;
    for (double score : scores) {
      sum += Math.exp(score / temperature);
    }
    double at = random.nextDouble() * sum;
    int label = 0;
    while (label < scores.length - 1 && at > Math.exp(scores[label] / temperature)) {
      at -= Math.exp(scores[label++] / temperature);
    }
    return label;
  }

  private static double[] logs(double... probabilities) {
    double[] logs = new double[probabilities.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = Math.log(Math.max(probabilities[i], 1e-300));
    }
    return logs;
  }
}
