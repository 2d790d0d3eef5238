package dev.millrace.enrichment.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AnyLabelMeasuresTest {

  @Test
  void shouldCountLabelsOfAllDocumentsTogether() {
    AnyLabelMeasures measures = new AnyLabelMeasures();
    measures.add(new double[] {0.9, 0.6, 0.1}, new boolean[] {true, false, false});
    measures.add(new double[] {0.2, 0.3, 0.8}, new boolean[] {true, false, true});
    measures.add(new double[] {0.1, 0.1, 0.1}, new boolean[] {false, false, false});
    measures.addUnanswered(new boolean[] {false, true, false});

    assertThat(measures.documents()).isEqualTo(4);
    assertThat(measures.precision(1, 0.5)).as("2 of 3 chosen").isEqualTo(2 / 3.0);
    assertThat(measures.recall(1, 0.5)).as("2 of 4 right").isEqualTo(0.5);
    assertThat(measures.f1(1, 0.5)).isCloseTo(2 * (2 / 3.0) * 0.5 / (2 / 3.0 + 0.5), within(1e-12));
    assertThat(measures.exact(1, 0.5)).as("the third alone").isEqualTo(0.25);
    assertThat(measures.exact(1, 0.7)).as("the first too").isEqualTo(0.5);
  }

  @Test
  void shouldApplyTheTemperatureBeforeTheThreshold() {
    AnyLabelMeasures measures = new AnyLabelMeasures();
    measures.add(new double[] {0.9}, new boolean[] {true});

    assertThat(measures.recall(1, 0.8)).isEqualTo(1);
    assertThat(measures.recall(2, 0.8)).as("0.9 becomes 0.75").isZero();
  }

  @Test
  void shouldFitATemperatureToAnswersThatAreTooSure() {
    AnyLabelMeasures measures = new AnyLabelMeasures();
    for (int i = 0; i < 10; i++) {
      measures.add(new double[] {0.99}, new boolean[] {i < 7});
    }

    double temperature = measures.fitTemperature();

    assertThat(1 / (1 + Math.exp(-Math.log(99) / temperature))).isCloseTo(0.7, within(1e-6));
    assertThat(measures.calibrationError(1)).isCloseTo(0.29, within(1e-9));
    assertThat(measures.calibrationError(temperature)).isLessThan(1e-6);
  }

  @Test
  void shouldNotDivideByNothing() {
    AnyLabelMeasures measures = new AnyLabelMeasures();
    assertThat(measures.exact(1, 0.5)).isZero();
    measures.add(new double[] {0.1}, new boolean[] {false});

    assertThat(measures.precision(1, 0.5)).isEqualTo(1);
    assertThat(measures.recall(1, 0.5)).isEqualTo(1);
    assertThat(measures.f1(1, 0.5)).isEqualTo(1);
    assertThatThrownBy(() -> measures.add(new double[1], new boolean[2]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("1 probabilities of 2 labels");
  }
}
