// Conversions for every bf16 and e4m3 value and at all rounding boundaries; fast maths within stated bounds.
#include <math.h>

#include "harness.h"

namespace {

uint32_t bits_of(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return bits;
}
float float_of(uint32_t bits) {
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

// Around every bf16 value: itself, its neighbours, the midpoint to the next one and what lies beside it.
std::vector<uint32_t> boundaries() {
  std::vector<uint32_t> in;
  for (uint32_t high = 0; high < 65536; high++) {
    for (uint32_t low : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) in.push_back(high << 16 | low);
  }
  return in;
}

Dim blocks(size_t count) { return {static_cast<unsigned>((count + 255) / 256)}; }

// Distance in units of the last place of the expected value.
double ulps(float found, double expected) {
  if (isnan(expected)) return isnan(found) ? 0 : INFINITY;
  int exponent;
  frexp(expected, &exponent);
  return fabs(static_cast<double>(found) - expected) / ldexp(1, std::max(exponent, -125) - 24);
}

}  // namespace

MR_TEST(bf16_to_f32_for_every_value) {
  std::vector<uint16_t> in(65536);
  for (size_t i = 0; i < in.size(); i++) in[i] = static_cast<uint16_t>(i);
  const auto out = device.array<uint32_t>(in.size());
  device.launch("test_bf16_to_f32", blocks(in.size()), {256}, 0, device.upload(in), out, 65536);
  const auto found = device.download(out);
  for (size_t i = 0; i < in.size(); i++) expect_equal(found[i], bits_of(bf16_value(in[i])), "bf16 " + std::to_string(i));
}

MR_TEST(f32_to_bf16_at_every_boundary) {
  const auto in = boundaries();
  const auto out = device.array<uint16_t>(in.size());
  device.launch("test_f32_to_bf16", blocks(in.size()), {256}, 0, device.upload(in), out, static_cast<int>(in.size()));
  const auto found = device.download(out);
  for (size_t i = 0; i < in.size(); i++) {
    if (found[i] != bf16_nearest(float_of(in[i]))) {
      expect_equal(found[i], bf16_nearest(float_of(in[i])), "bf16 of the bits " + std::to_string(in[i]));
    }
  }
}

MR_TEST(e4m3_to_f32_for_every_value) {
  std::vector<uint8_t> in(256);
  for (size_t i = 0; i < in.size(); i++) in[i] = static_cast<uint8_t>(i);
  const auto out = device.array<uint32_t>(in.size());
  device.launch("test_e4m3_to_f32", blocks(in.size()), {256}, 0, device.upload(in), out, 256);
  const auto found = device.download(out);
  for (size_t i = 0; i < in.size(); i++) {
    const float expected = e4m3_value(in[i]), value = float_of(found[i]);
    expect(isnan(expected) ? isnan(value) : found[i] == bits_of(expected),
           "e4m3 " + std::to_string(i) + " is " + std::to_string(value) + ", expected " + std::to_string(expected));
  }
}

MR_TEST(f32_to_e4m3_at_every_boundary) {
  // Midpoints of e4m3 have at most 5 significant bits: every one is a bf16 value, and so are those beside it.
  auto in = boundaries();
  for (int i = 0; i < 10000; i++) in.push_back(static_cast<uint32_t>(random_source()()));
  const auto out = device.array<uint8_t>(in.size());
  device.launch("test_f32_to_e4m3", blocks(in.size()), {256}, 0, device.upload(in), out, static_cast<int>(in.size()));
  const auto found = device.download(out);
  uint8_t best = 0;
  uint32_t last = ~0u;
  for (size_t i = 0; i < in.size(); i++) {
    // The search is slow: most neighbours share the answer of their bf16 value, so ask only where it can change.
    const float value = float_of(in[i]);
    const double magnitude = fabs(static_cast<double>(value));
    const bool small = magnitude < 0.0009765624, large = magnitude > 465;
    if (isnan(value)) {
      best = 0x7f;
    } else if (small || large) {
      best = static_cast<uint8_t>((signbit(value) ? 0x80 : 0) | (large ? 0x7e : 0));
    } else if (in[i] != last) {
      best = e4m3_nearest(value);
    }
    last = in[i];
    if (found[i] != best) expect_equal(found[i], best, "e4m3 of " + std::to_string(value));
  }
}

MR_TEST(fast_maths_within_bounds) {
  constexpr int N = 20000;
  auto in = random_floats(N, -20, 20);
  for (size_t i = 0; i < 2000; i++) in[i] = in[i] * 1e-3f;
  const auto out = device.array<float>(9 * N);
  device.launch("test_fast_maths", blocks(N), {256}, 0, device.upload(in), out, N);
  const auto found = device.download(out);
  // ex2, lg2, rsqrt and rcp as the PTX manual bounds them. exp multiplies first: |x| log2(e) 2^-24 of the argument is
  // lost besides. Logarithms near 1 are bounded absolutely.
  struct Bound {
    const char* name;
    double (*model)(double);
    double ulps, absolute;
  };
  const Bound bounds[] = {
      {"exp2", [](double x) { return exp2(x); }, 2.5, 0},
      {"exp", [](double x) { return exp(x); }, 32, 0},
      {"log2", [](double x) { return log2(x); }, 3, 1.0 / (1 << 21)},
      {"log", [](double x) { return log(x); }, 4, 1.0 / (1 << 21)},
      {"rsqrt", [](double x) { return 1 / sqrt(x); }, 3, 0},
      {"rcp", [](double x) { return 1 / x; }, 1.5, 0},
  };
  for (size_t f = 0; f < 6; f++) {
    for (size_t i = 0; i < N; i++) {
      const double x = static_cast<double>(f < 2 ? in[i] : fabsf(in[i]) + 1e-6f), expected = bounds[f].model(x);
      const float value = found[f * N + i];
      expect(ulps(value, expected) <= bounds[f].ulps ||
                 fabs(static_cast<double>(value) - expected) <= bounds[f].absolute,
             std::string(bounds[f].name) + " of " + std::to_string(x) + " is " + std::to_string(value) + ", off by " +
                 std::to_string(ulps(value, expected)) + " ulp");
    }
  }
  for (size_t i = 0; i < N; i++) {
    const float x = in[i];
    volatile float square = x * x;  // rounded on its own
    expect(found[6 * N + i] == fmaf(x, x, -1.0f), "fma is one rounding");
    expect(found[7 * N + i] == square + -1.0f, "mul and add are two roundings");
    expect(found[8 * N + i] == fminf(x, 0.25f), "min");
  }
}

MR_TEST(pack_bf16_puts_the_first_low) {
  const auto in = random_floats(64, -9, 9);
  const auto out = device.array<uint32_t>(32);
  device.launch("test_pack_bf16", {1}, {32}, 0, device.upload(in), out);
  const auto found = device.download(out);
  for (size_t i = 0; i < 32; i++) {
    expect_equal(found[i], bf16_nearest(in[2 * i]) | static_cast<int64_t>(bf16_nearest(in[2 * i + 1])) << 16, "pair");
  }
}
