package dev.millrace.engine.tensor;

/**
 * Eight-bit floating point, e4m3 without infinities: one sign bit, four exponent bits with a bias
 * of 7, three of mantissa; largest value 448; all ones is not a number. Pure functions.
 */
public final class Float8 {

  /** Largest value. */
  public static final float MAX = 448;

  private static final float[] VALUES = new float[256];

  static {
    for (int bits = 0; bits < VALUES.length; bits++) {
      VALUES[bits] = decode(bits);
    }
  }

  private Float8() {}

  /** The value of these bits, exactly. */
  public static float toFloat(byte bits) {
    return VALUES[bits & 0xff];
  }

  private static float decode(int bits) {
    int exponent = (bits >> 3) & 15;
    int mantissa = bits & 7;
    if (exponent == 15 && mantissa == 7) {
      return Float.NaN;
    }
    float magnitude =
        exponent == 0
            ? Math.scalb((float) mantissa, -9)
            : Math.scalb(1 + mantissa / 8f, exponent - 7);
    return bits < 128 ? magnitude : -magnitude;
  }
}
