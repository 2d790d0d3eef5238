#include "numbers.h"

#include <math.h>

float bf16_value(uint16_t bits) {
  const uint32_t word = static_cast<uint32_t>(bits) << 16;
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

uint16_t bf16_nearest(float value) {
  if (isnan(value)) return 0x7fff;
  uint32_t word;
  memcpy(&word, &value, sizeof word);
  // The neighbours below and above in magnitude; infinity counts as 2^128.
  const auto low = static_cast<uint16_t>(word >> 16);
  if ((word & 0xffff) == 0 || (low & 0x7fff) == 0x7f80) return low;
  const auto high = static_cast<uint16_t>(low + 1);
  const double magnitude = fabs(static_cast<double>(value)), below = fabs(static_cast<double>(bf16_value(low)));
  const double above = (high & 0x7fff) == 0x7f80 ? ldexp(1, 128) : fabs(static_cast<double>(bf16_value(high)));
  if (magnitude - below != above - magnitude) return magnitude - below < above - magnitude ? low : high;
  return low & 1 ? high : low;
}

namespace {
float e4m3_of(int bits) {
  const int exponent = bits >> 3 & 15, mantissa = bits & 7;
  if ((bits & 127) == 127) return NAN;
  const float magnitude =
      exponent ? ldexpf(1 + static_cast<float>(mantissa) / 8, exponent - 7) : ldexpf(static_cast<float>(mantissa) / 8, -6);
  return bits & 128 ? -magnitude : magnitude;
}
}  // namespace

float e4m3_value(uint8_t bits) {
  static const auto* const values = [] {
    auto* all = new float[256];
    for (int i = 0; i < 256; i++) all[i] = e4m3_of(i);
    return all;
  }();
  return values[bits];
}

uint8_t e4m3_nearest(float value) {
  if (isnan(value)) return 0x7f;
  const double magnitude = fabs(static_cast<double>(value));
  const uint8_t sign = signbit(value) ? 0x80 : 0;
  uint8_t best = 0;
  for (int candidate = 1; candidate < 127; candidate++) {
    const double distance = fabs(magnitude - static_cast<double>(e4m3_value(static_cast<uint8_t>(candidate))));
    const double least = fabs(magnitude - static_cast<double>(e4m3_value(best)));
    if (distance < least || (distance == least && candidate % 2 == 0)) best = static_cast<uint8_t>(candidate);
  }
  return sign | best;
}
