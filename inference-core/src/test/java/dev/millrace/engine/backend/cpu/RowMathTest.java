package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class RowMathTest {

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  @Test
  void shouldRaiseTwoToWithinAMillionth() {
    for (float x = -125; x <= 0; x += 0.0371f) {
      double expected = Math.pow(2, x);
      assertThat(RowMath.exp2(x)).isCloseTo((float) expected, within((float) (expected * 2e-7)));
    }
    assertThat(RowMath.exp2(0f)).isEqualTo(1f);
    assertThat(RowMath.exp2(Float.NEGATIVE_INFINITY)).isEqualTo(0x1p-126f);
  }

  @Test
  void shouldGiveTheSameBitsForOneAndForManyValues() {
    SplittableRandom random = new SplittableRandom(1);
    float[] lanes = new float[RowMath.LANES];
    for (int round = 0; round < 1000; round++) {
      float[] x = new float[RowMath.LANES];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) -random.nextDouble(130);
      }
      RowMath.exp2(FloatVector.fromArray(RowMath.FLOATS, x, 0)).intoArray(lanes, 0);
      for (int i = 0; i < x.length; i++) {
        assertThat(lanes[i]).as("2^%s, seed 1", x[i]).isEqualTo(RowMath.exp2(x[i]));
      }
    }
  }

  @Test
  void shouldGateByASigmoidThatNeverOverflows() {
    float[] lanes = new float[RowMath.LANES];
    for (float x = -200; x <= 200; x += 0.0737f) {
      double expected = x / (1 + Math.exp(-x));
      float found = RowMath.swish(x);
      // below -87 the exponential stops at its smallest normal number
      double tolerance = Math.max(Math.abs(expected) * 1e-5, 3e-36);
      assertThat((double) found).as("swish(%s)", x).isCloseTo(expected, within(tolerance));
      RowMath.swish(FloatVector.broadcast(RowMath.FLOATS, x)).intoArray(lanes, 0);
      assertThat(lanes).as("lanes of swish(%s)", x).containsOnly(found);
    }
    assertThat(RowMath.swish(0f)).isZero();
    assertThat(RowMath.swish(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(RowMath.swish(Float.NaN)).isNaN();
  }

  @Test
  void shouldAddScaledValuesInOneRounding() {
    int length = 2 * RowMath.LANES + 3;
    SplittableRandom random = new SplittableRandom(5);
    float[] source = new float[length];
    float[] target = new float[length];
    float[] expected = new float[length];
    float factor = 0.3f;
    for (int i = 0; i < length; i++) {
      source[i] = (float) random.nextGaussian();
      target[i] = (float) random.nextGaussian();
      expected[i] = Math.fma(source[i], factor, target[i]);
    }

    MemorySegment sum = MemorySegment.ofArray(target);
    RowMath.addScaled(MemorySegment.ofArray(source), 0, factor, sum, 0, length);

    assertThat(target).as("seed 5").containsExactly(expected);
  }

  @Test
  void shouldRoundToTheNearestBfloat16TiesToEven() {
    assertThat(RowMath.toBfloat16(1f)).isEqualTo((short) 0x3f80);
    assertThat(RowMath.toBfloat16(Float.intBitsToFloat(0x3f808000))).isEqualTo((short) 0x3f80);
    assertThat(RowMath.toBfloat16(Float.intBitsToFloat(0x3f818000))).isEqualTo((short) 0x3f82);
    assertThat(RowMath.toBfloat16(Float.intBitsToFloat(0x3f808001))).isEqualTo((short) 0x3f81);
    assertThat(RowMath.toBfloat16(Float.POSITIVE_INFINITY)).isEqualTo((short) 0x7f80);
  }

  @Test
  void shouldConvertRegistersAndTheRestAlike() {
    int length = 3 * RowMath.LANES + 5;
    SplittableRandom random = new SplittableRandom(2);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment floats = arena.allocate(4L * length, 64);
      MemorySegment halves = arena.allocate(2L * length, 64);
      MemorySegment back = arena.allocate(4L * length, 64);
      for (int i = 0; i < length; i++) {
        floats.setAtIndex(FLOAT, i, (float) random.nextDouble(-100, 100));
      }

      RowMath.convert(floats, 0, halves, 0, length, 0.75f, ElementType.BF16);
      RowMath.widen(halves, 0, back, 0, length);

      for (int i = 0; i < length; i++) {
        short expected = RowMath.toBfloat16(floats.getAtIndex(FLOAT, i) * 0.75f);
        assertThat(halves.getAtIndex(ValueLayout.JAVA_SHORT, i)).isEqualTo(expected);
        assertThat(back.getAtIndex(FLOAT, i)).isEqualTo(Float.intBitsToFloat(expected << 16));
      }
    }
  }

  @Test
  void shouldSumSquaresOfAnyLength() {
    for (int length : new int[] {1, 7, 16, 33, 100}) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment row = arena.allocate(4L * length, 64);
        double expected = 0;
        for (int i = 0; i < length; i++) {
          row.setAtIndex(FLOAT, i, i + 1);
          expected += (i + 1.0) * (i + 1);
        }
        assertThat(RowMath.sumOfSquares(row, 0, length)).isEqualTo((float) expected);
      }
    }
  }
}
