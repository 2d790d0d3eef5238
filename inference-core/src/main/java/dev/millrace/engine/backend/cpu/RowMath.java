package dev.millrace.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Arithmetic on one row of floats. Offsets are in bytes, lengths in elements. Stateless;
 * thread-safe.
 *
 * <p>Only operations whose result the Java language fixes to the last bit are used (add, multiply,
 * fused multiply-add, divide, square root, integer operations), never a vector reduction or a
 * vector exponential, whose order or table differs between interpreter and compiled code: a row has
 * the same bits before and after the virtual machine has warmed up.
 */
final class RowMath {

  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  static final int LANES = FLOATS.length();

  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> HALVES =
      VectorShape.forBitSize(FLOATS.vectorBitSize() / 2).withLanes(short.class);
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  // 2^f on [-1/2, 1/2]: Taylor's terms, ln(2)^k / k!; the rest is below 6e-9.
  private static final float E1 = 0.6931472f;
  private static final float E2 = 0.2402265f;
  private static final float E3 = 0.05550411f;
  private static final float E4 = 0.009618129f;
  private static final float E5 = 0.0013333558f;
  private static final float E6 = 0.0001540353f;
  private static final float E7 = 1.5252734e-5f;

  private static final float LOG2_E = 1.442695f;

  /** Adding it rounds a small float to an integer that stands in the low bits. */
  private static final float ROUNDER = 12_582_912f;

  private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);
  private static final float EXPONENT_MIN = -126f;

  private RowMath() {}

  /** Sum of the lanes, halves first: one order, always. */
  static float sum(FloatVector values) {
    float[] lanes = values.toArray();
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  /** {@code 2^x} for {@code x <= 0} in each lane; below -126 it stays at 2^-126. */
  static FloatVector exp2(FloatVector x) {
    FloatVector bounded = x.blend(EXPONENT_MIN, x.compare(VectorOperators.LT, EXPONENT_MIN));
    FloatVector shifted = bounded.add(ROUNDER);
    FloatVector f = bounded.sub(shifted.sub(ROUNDER));
    FloatVector p = FloatVector.broadcast(FLOATS, E7);
    p = p.fma(f, FloatVector.broadcast(FLOATS, E6));
    p = p.fma(f, FloatVector.broadcast(FLOATS, E5));
    p = p.fma(f, FloatVector.broadcast(FLOATS, E4));
    p = p.fma(f, FloatVector.broadcast(FLOATS, E3));
    p = p.fma(f, FloatVector.broadcast(FLOATS, E2));
    p = p.fma(f, FloatVector.broadcast(FLOATS, E1));
    p = p.fma(f, FloatVector.broadcast(FLOATS, 1f));
    IntVector exponent =
        shifted.reinterpretAsInts().sub(ROUNDER_BITS).lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  /** {@code 2^x} for one {@code x <= 0}, with the bits of the vector form. */
  static float exp2(float x) {
    float bounded = x < EXPONENT_MIN ? EXPONENT_MIN : x;
    float shifted = bounded + ROUNDER;
    float f = bounded - (shifted - ROUNDER);
    float p = Math.fma(E7, f, E6);
    p = Math.fma(p, f, E5);
    p = Math.fma(p, f, E4);
    p = Math.fma(p, f, E3);
    p = Math.fma(p, f, E2);
    p = Math.fma(p, f, E1);
    p = Math.fma(p, f, 1f);
    int exponent = (Float.floatToRawIntBits(shifted) - ROUNDER_BITS) << 23;
    return Float.intBitsToFloat(Float.floatToRawIntBits(p) + exponent);
  }

  /**
   * {@code x / (1 + exp(-x))} in each lane, by way of {@code e = exp(-|x|)}, which cannot overflow:
   * x / (1 + e) above zero, x e / (1 + e) below.
   */
  static FloatVector swish(FloatVector x) {
    FloatVector e = exp2(x.abs().mul(-LOG2_E));
    return x.blend(x.mul(e), x.compare(VectorOperators.LT, 0f)).div(e.add(1f));
  }

  /** The same for one value, with the bits of the vector form. */
  static float swish(float x) {
    float e = exp2(Math.abs(x) * -LOG2_E);
    return (x < 0 ? x * e : x) / (e + 1f);
  }

  /** Nearest bfloat16, ties to even. */
  static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Vector form of {@link #toBfloat16}. */
  static void storeBfloat16(FloatVector values, MemorySegment target, long offset) {
    IntVector bits = values.reinterpretAsInts();
    IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
    IntVector rounded = bits.add(odd.add(0x7fff)).lanewise(VectorOperators.LSHR, 16);
    ((ShortVector) rounded.convertShape(VectorOperators.I2S, HALVES, 0))
        .intoMemorySegment(target, offset, LE);
  }

  static FloatVector load(MemorySegment source, long offset) {
    return FloatVector.fromMemorySegment(FLOATS, source, offset, LE);
  }

  static void store(FloatVector values, MemorySegment target, long offset) {
    values.intoMemorySegment(target, offset, LE);
  }

  private static FloatVector loadBfloat16(MemorySegment source, long offset) {
    ShortVector values = ShortVector.fromMemorySegment(HALVES, source, offset, LE);
    IntVector wide = (IntVector) values.convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
    return wide.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  /** {@code target = source * factor} as {@code type}. */
  static void convert(
      MemorySegment source,
      long from,
      MemorySegment target,
      long to,
      int length,
      float factor,
      ElementType type) {
    int i = 0;
    if (type == ElementType.BF16) {
      for (; i + LANES <= length; i += LANES) {
        storeBfloat16(load(source, from + 4L * i).mul(factor), target, to + 2L * i);
      }
      for (; i < length; i++) {
        target.set(SHORT, to + 2L * i, toBfloat16(source.get(FLOAT, from + 4L * i) * factor));
      }
      return;
    }
    for (; i + LANES <= length; i += LANES) {
      store(load(source, from + 4L * i).mul(factor), target, to + 4L * i);
    }
    for (; i < length; i++) {
      target.set(FLOAT, to + 4L * i, source.get(FLOAT, from + 4L * i) * factor);
    }
  }

  /**
   * {@code target = gate / (1 + exp(-gate)) * up} as {@code type}; gate and up start at the same
   * offset.
   */
  static void swiGlu(
      MemorySegment gate,
      MemorySegment up,
      long from,
      MemorySegment target,
      long to,
      int length,
      ElementType type) {
    int i = 0;
    for (; i + LANES <= length; i += LANES) {
      FloatVector product = swish(load(gate, from + 4L * i)).mul(load(up, from + 4L * i));
      if (type == ElementType.BF16) {
        storeBfloat16(product, target, to + 2L * i);
      } else {
        store(product, target, to + 4L * i);
      }
    }
    for (; i < length; i++) {
      float product = swish(gate.get(FLOAT, from + 4L * i)) * up.get(FLOAT, from + 4L * i);
      if (type == ElementType.BF16) {
        target.set(SHORT, to + 2L * i, toBfloat16(product));
      } else {
        target.set(FLOAT, to + 4L * i, product);
      }
    }
  }

  /** Widens bfloat16. */
  static void widen(MemorySegment source, long from, MemorySegment target, long to, int length) {
    int i = 0;
    for (; i + LANES <= length; i += LANES) {
      store(loadBfloat16(source, from + 2L * i), target, to + 4L * i);
    }
    for (; i < length; i++) {
      float value = Float.intBitsToFloat(source.get(SHORT, from + 2L * i) << 16);
      target.set(FLOAT, to + 4L * i, value);
    }
  }

  /** {@code target += source}. */
  static void add(MemorySegment source, long from, MemorySegment target, long to, int length) {
    int i = 0;
    for (; i + LANES <= length; i += LANES) {
      store(load(target, to + 4L * i).add(load(source, from + 4L * i)), target, to + 4L * i);
    }
    for (; i < length; i++) {
      float sum = target.get(FLOAT, to + 4L * i) + source.get(FLOAT, from + 4L * i);
      target.set(FLOAT, to + 4L * i, sum);
    }
  }

  /** {@code target += source * factor}, rounded once. */
  static void addScaled(
      MemorySegment source, long from, float factor, MemorySegment target, long to, int length) {
    FloatVector factors = FloatVector.broadcast(FLOATS, factor);
    int i = 0;
    for (; i + LANES <= length; i += LANES) {
      FloatVector sum = load(source, from + 4L * i).fma(factors, load(target, to + 4L * i));
      store(sum, target, to + 4L * i);
    }
    for (; i < length; i++) {
      float sum =
          Math.fma(source.get(FLOAT, from + 4L * i), factor, target.get(FLOAT, to + 4L * i));
      target.set(FLOAT, to + 4L * i, sum);
    }
  }

  /** Sum of squares, in an order that depends on {@code length} only. */
  static float sumOfSquares(MemorySegment row, long offset, int length) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = a;
    int i = 0;
    for (; i + 2 * LANES <= length; i += 2 * LANES) {
      FloatVector x = load(row, offset + 4L * i);
      FloatVector y = load(row, offset + 4L * (i + LANES));
      a = x.fma(x, a);
      b = y.fma(y, b);
    }
    float sum = sum(a.add(b));
    for (; i < length; i++) {
      float x = row.get(FLOAT, offset + 4L * i);
      sum = Math.fma(x, x, sum);
    }
    return sum;
  }

  /** {@code 1 / sqrt(mean(row^2) + epsilon)}. */
  static float inverseRms(MemorySegment row, long offset, int length, float epsilon) {
    double mean = (double) sumOfSquares(row, offset, length) / length;
    return (float) (1 / Math.sqrt(mean + epsilon));
  }

  /** {@code target = row * scale * weight} as floats. */
  static void scale(
      MemorySegment row,
      long from,
      float scale,
      MemorySegment weight,
      MemorySegment target,
      long to,
      int length) {
    int i = 0;
    for (; i + LANES <= length; i += LANES) {
      FloatVector value = load(row, from + 4L * i).mul(scale).mul(load(weight, 4L * i));
      store(value, target, to + 4L * i);
    }
    for (; i < length; i++) {
      float value = row.get(FLOAT, from + 4L * i) * scale * weight.get(FLOAT, 4L * i);
      target.set(FLOAT, to + 4L * i, value);
    }
  }
}
