package dev.millrace.engine.backend.cuda;

/** Conversions between float and bfloat16. Pure functions. */
final class BFloat16 {

  private BFloat16() {}

  /** To nearest, ties to even; a NaN stays one. */
  static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Exact. */
  static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
