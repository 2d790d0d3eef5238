package dev.millrace.engine.gguf;

/**
 * Blocks of one value or 32. In four-bit blocks of 32 the low halves of the bytes are values 0 to
 * 15, the high halves 16 to 31. Pure functions.
 */
final class BlockDecoder {

  private static final int HALF = 16;

  /** Values of the non-linear four-bit types. */
  static final int[] NON_LINEAR = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  /** Twice the values of four-bit floats (e2m1). */
  private static final int[] E2M1_TWICE = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  private BlockDecoder() {}

  static int u8(byte[] b, int at) {
    return b[at] & 0xff;
  }

  static int u16(byte[] b, int at) {
    return u8(b, at) | (u8(b, at + 1) << 8);
  }

  static int i32(byte[] b, int at) {
    return u16(b, at) | (u16(b, at + 2) << 16);
  }

  static float half(byte[] b, int at) {
    return Float.float16ToFloat((short) u16(b, at));
  }

  static void f32(byte[] b, int at, float[] out, int to) {
    out[to] = Float.intBitsToFloat(i32(b, at));
  }

  static void f16(byte[] b, int at, float[] out, int to) {
    out[to] = half(b, at);
  }

  static void bf16(byte[] b, int at, float[] out, int to) {
    out[to] = Float.intBitsToFloat(u16(b, at) << 16);
  }

  static void q8Zero(byte[] b, int at, float[] out, int to) {
    float d = half(b, at);
    for (int i = 0; i < 32; i++) {
      out[to + i] = d * b[at + 2 + i];
    }
  }

  static void q4Zero(byte[] b, int at, float[] out, int to) {
    float d = half(b, at);
    for (int i = 0; i < HALF; i++) {
      int both = u8(b, at + 2 + i);
      out[to + i] = d * ((both & 15) - 8);
      out[to + HALF + i] = d * ((both >> 4) - 8);
    }
  }

  static void q4One(byte[] b, int at, float[] out, int to) {
    float d = half(b, at);
    float m = half(b, at + 2);
    for (int i = 0; i < HALF; i++) {
      int both = u8(b, at + 4 + i);
      out[to + i] = d * (both & 15) + m;
      out[to + HALF + i] = d * (both >> 4) + m;
    }
  }

  static void q5Zero(byte[] b, int at, float[] out, int to) {
    float d = half(b, at);
    int high = i32(b, at + 2);
    for (int i = 0; i < HALF; i++) {
      int both = u8(b, at + 6 + i);
      out[to + i] = d * (((both & 15) | fifth(high, i)) - 16);
      out[to + HALF + i] = d * (((both >> 4) | fifth(high, HALF + i)) - 16);
    }
  }

  static void q5One(byte[] b, int at, float[] out, int to) {
    float d = half(b, at);
    float m = half(b, at + 2);
    int high = i32(b, at + 4);
    for (int i = 0; i < HALF; i++) {
      int both = u8(b, at + 8 + i);
      out[to + i] = d * ((both & 15) | fifth(high, i)) + m;
      out[to + HALF + i] = d * ((both >> 4) | fifth(high, HALF + i)) + m;
    }
  }

  private static int fifth(int high, int index) {
    return ((high >>> index) & 1) << 4;
  }

  static void iq4Nl(byte[] b, int at, float[] out, int to) {
    nonLinear(half(b, at), b, at + 2, out, to);
  }

  /** Sixteen bytes of indices into {@link #NON_LINEAR}. */
  static void nonLinear(float d, byte[] b, int at, float[] out, int to) {
    for (int i = 0; i < HALF; i++) {
      int both = u8(b, at + i);
      out[to + i] = d * NON_LINEAR[both & 15];
      out[to + HALF + i] = d * NON_LINEAR[both >> 4];
    }
  }

  static void mxfp4(byte[] b, int at, float[] out, int to) {
    float d = twoTo(u8(b, at));
    for (int i = 0; i < HALF; i++) {
      int both = u8(b, at + 1 + i);
      out[to + i] = d * E2M1_TWICE[both & 15];
      out[to + HALF + i] = d * E2M1_TWICE[both >> 4];
    }
  }

  /** {@code 2^(exponent - 128)}, the half of an e8m0; subnormal for exponents 0 and 1. */
  private static float twoTo(int exponent) {
    return Float.intBitsToFloat(exponent < 2 ? 0x0020_0000 << exponent : (exponent - 1) << 23);
  }
}
