package dev.millrace.engine.gguf;

import static dev.millrace.engine.gguf.BlockDecoder.half;
import static dev.millrace.engine.gguf.BlockDecoder.u16;
import static dev.millrace.engine.gguf.BlockDecoder.u8;

/**
 * Blocks of 256 values whose groups have scales in few bits, themselves scaled by a half-precision
 * number. Pure functions.
 */
final class SuperBlockDecoder {

  private SuperBlockDecoder() {}

  /** Six-bit scale of group {@code j} of Q4_K and Q5_K. */
  private static int scale(byte[] b, int at, int j) {
    return j < 4 ? u8(b, at + j) & 63 : (u8(b, at + j + 4) & 15) | ((u8(b, at + j - 4) >> 6) << 4);
  }

  /** Six-bit minimum of the same group. */
  private static int minimum(byte[] b, int at, int j) {
    return j < 4 ? u8(b, at + j + 4) & 63 : (u8(b, at + j + 4) >> 4) | ((u8(b, at + j) >> 6) << 4);
  }

  static void q4(byte[] b, int at, float[] out, int to) {
    withMinima(b, at, at + 16, -1, out, to);
  }

  static void q5(byte[] b, int at, float[] out, int to) {
    withMinima(b, at, at + 48, at + 16, out, to);
  }

  /** Eight groups of 32; {@code high} is where fifth bits lie, or -1. */
  private static void withMinima(byte[] b, int at, int low, int high, float[] out, int to) {
    float d = half(b, at);
    float dmin = half(b, at + 2);
    for (int j = 0; j < 8; j++) {
      float step = d * scale(b, at + 4, j);
      float offset = dmin * minimum(b, at + 4, j);
      int shift = (j & 1) * 4;
      for (int l = 0; l < 32; l++) {
        int q = (u8(b, low + 32 * (j / 2) + l) >> shift) & 15;
        if (high >= 0) {
          q |= ((u8(b, high + l) >> j) & 1) << 4;
        }
        out[to + 32 * j + l] = step * q - offset;
      }
    }
  }

  static void q6(byte[] b, int at, float[] out, int to) {
    float d = half(b, at + 208);
    for (int n = 0; n < 2; n++) {
      for (int g = 0; g < 4; g++) {
        for (int l = 0; l < 32; l++) {
          int value = 128 * n + 32 * g + l;
          int low = (u8(b, at + 64 * n + 32 * (g & 1) + l) >> (g < 2 ? 0 : 4)) & 15;
          int high = (u8(b, at + 128 + 32 * n + l) >> (2 * g)) & 3;
          out[to + value] = d * b[at + 192 + value / 16] * ((low | (high << 4)) - 32);
        }
      }
    }
  }

  static void q2(byte[] b, int at, float[] out, int to) {
    float d = half(b, at + 80);
    float dmin = half(b, at + 82);
    for (int value = 0; value < 256; value++) {
      int s = u8(b, at + value / 16);
      out[to + value] = d * (s & 15) * twoBits(b, at + 16, value) - dmin * (s >> 4);
    }
  }

  static void q3(byte[] b, int at, float[] out, int to) {
    float d = half(b, at + 108);
    for (int value = 0; value < 256; value++) {
      int s = value / 16;
      int low = s < 8 ? u8(b, at + 96 + s) & 15 : u8(b, at + 96 + s - 8) >> 4;
      int scale = low | (((u8(b, at + 104 + s % 4) >> (2 * (s / 4))) & 3) << 4);
      boolean high = ((u8(b, at + value % 32) >> (value / 32)) & 1) != 0;
      int q = twoBits(b, at + 32, value) - (high ? 0 : 4);
      out[to + value] = d * (scale - 32) * q;
    }
  }

  /** Value {@code 128 n + 32 k + l} is bits 2k and 2k + 1 of byte {@code 32 n + l}. */
  private static int twoBits(byte[] b, int at, int value) {
    return (u8(b, at + 32 * (value / 128) + value % 32) >> (2 * (value / 32 % 4))) & 3;
  }

  static void iq4Xs(byte[] b, int at, float[] out, int to) {
    float d = half(b, at);
    int high = u16(b, at + 2);
    for (int j = 0; j < 8; j++) {
      int low = (u8(b, at + 4 + j / 2) >> (4 * (j & 1))) & 15;
      int scale = low | (((high >> (2 * j)) & 3) << 4);
      BlockDecoder.nonLinear(d * (scale - 32), b, at + 8 + 16 * j, out, to + 32 * j);
    }
  }
}
