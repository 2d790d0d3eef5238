// Emulated bodies: conversions and maths. Included by base.h only.
#pragma once

MR_DEVICE float mr_as_f32(uint32_t bits) {
  float f;
  memcpy(&f, &bits, 4);
  return f;
}
MR_DEVICE uint32_t mr_as_u32(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return bits;
}
MR_DEVICE float __uint_as_float(unsigned bits) { return mr_as_f32(bits); }
MR_DEVICE unsigned __float_as_uint(float f) { return mr_as_u32(f); }
MR_DEVICE float __int_as_float(int bits) { return mr_as_f32(static_cast<uint32_t>(bits)); }
MR_DEVICE int __float_as_int(float f) { return static_cast<int>(mr_as_u32(f)); }

MR_DEVICE float mr_bf16_to_f32(uint16_t v) { return mr_as_f32(static_cast<uint32_t>(v) << 16); }

// Round to nearest even; a NaN becomes 0x7fff.
MR_DEVICE uint16_t mr_f32_to_bf16(float f) {
  const uint32_t bits = mr_as_u32(f);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
  return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

// a * b + c of both bf16 halves, each rounded once. The product is exact in double, the sum nearly: rounding to f32
// so that an inexact sum gets an odd last bit keeps the second rounding, to bf16, from seeing a false tie.
MR_DEVICE uint32_t mr_fma_bf16x2(uint32_t a, uint32_t b, uint32_t c) {
  uint32_t r = 0;
  for (int half = 0; half < 32; half += 16) {
    const double product = static_cast<double>(mr_as_f32(a >> half << 16)) * mr_as_f32(b >> half << 16);
    const double term = mr_as_f32(c >> half << 16), sum = product + term;
    // what the addition lost (Knuth's two-sum), and then what the conversion to f32 loses
    const double part = sum - product, lost = (product - (sum - part)) + (term - part);
    float rounded = static_cast<float>(sum);
    const double left = (sum - rounded) + lost;
    if (left != 0 && left == left && (mr_as_u32(rounded) & 1) == 0) {
      const bool up = (left > 0) == (rounded > 0 || (rounded == 0 && left > 0));
      rounded = rounded == 0 ? (left > 0 ? mr_as_f32(1) : mr_as_f32(0x80000001u))
                             : mr_as_f32(mr_as_u32(rounded) + (up ? 1u : ~0u));
    }
    r |= static_cast<uint32_t>(mr_f32_to_bf16(rounded)) << half;
  }
  return r;
}

// e4m3: 1 sign, 4 exponent (bias 7), 3 mantissa bits, largest 448, NaN 0x7f and 0xff, no infinity.
MR_DEVICE float mr_e4m3_to_f32(uint8_t v) {
  const uint32_t magnitude = v & 0x7f;
  const float f = mr_as_f32(magnitude << 20) * 0x1p120f;
  const uint32_t bits = magnitude == 0x7f ? 0x7fffffffu : mr_as_u32(f);
  return mr_as_f32(bits | static_cast<uint32_t>(v & 0x80) << 24);
}

// Nearest even, saturating at 448 (infinities too); a NaN becomes 0x7f.
MR_DEVICE uint8_t mr_f32_to_e4m3(float f) {
  const uint32_t bits = mr_as_u32(f), sign = bits >> 24 & 0x80, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return 0x7f;
  if (magnitude >= 0x43e80000u) return static_cast<uint8_t>(sign | 0x7e);
  if (magnitude < 0x3c800000u) {
    return static_cast<uint8_t>(sign | static_cast<uint32_t>(nearbyintf(mr_as_f32(magnitude) * 512.0f)));
  }
  const uint32_t rounded = magnitude + 0x7ffffu + (magnitude >> 20 & 1);
  return static_cast<uint8_t>(sign | ((rounded >> 20) - (120u << 3)));
}

MR_DEVICE float mr_exp2(float x) { return exp2f(x); }
MR_DEVICE float mr_exp(float x) { return exp2f(x * 1.4426950408889634f); }
MR_DEVICE float mr_log2(float x) { return log2f(x); }
MR_DEVICE float mr_log(float x) { return log2f(x) * 0.6931471805599453f; }
MR_DEVICE float mr_rsqrt(float x) { return 1.0f / sqrtf(x); }
MR_DEVICE float mr_rcp(float x) { return 1.0f / x; }
MR_DEVICE float mr_max(float a, float b) { return fmaxf(a, b); }
MR_DEVICE float mr_min(float a, float b) { return fminf(a, b); }
MR_DEVICE float mr_fma(float a, float b, float c) { return fmaf(a, b, c); }
// The emulator's build never fuses a product with a sum.
MR_DEVICE float mr_mul(float a, float b) { return a * b; }
MR_DEVICE float mr_add(float a, float b) { return a + b; }
MR_DEVICE float rsqrtf(float x) { return 1.0f / sqrtf(x); }
