package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The kits must find what is wrong and say where. */
final class VerdictTest {

  @Test
  void shouldNameTheFirstDifference() {
    float[] expected = {1, 2, 3, 4, 5, 8};
    float[] found = {1, 2, 3, 4, 5.5f, 7};

    assertThat(Verdict.compare("moe T=2", expected, found, 3, 0.01))
        .contains(
            "moe T=2: first difference at [1,1] expected 5.00000 got 5.50000, allowed 0.0800000;"
                + " 2 of 6 wrong");
    assertThat(Verdict.compare("moe T=2", expected, found, 3, 0.2)).isEmpty();
  }

  @Test
  void shouldNeverAcceptNaN() {
    float[] nan = {Float.NaN};
    assertThat(Verdict.compare("x", new float[] {1}, nan, 1, 1e9)).isPresent();
    assertThat(Verdict.compare("x", new float[] {0}, new float[] {0}, 1, 0)).isEmpty();
    assertThat(Verdict.compare("x", new float[] {0}, new float[2], 1, 0)).isPresent();
  }

  @Test
  void shouldTellZerosApartByTheirBits() {
    assertThat(Verdict.sameBits("x", new float[][] {{0f}}, new float[][] {{-0f}}))
        .contains("x: bits differ at row 0, element 0: 00000000 (0.0) and 80000000 (-0.0)");
    assertThat(Verdict.sameBits("x", new float[][] {{1f}}, new float[][] {{1f}})).isEmpty();
  }
}
