// mr_mma_f16_16816 and mr_fma_bf16x2 against their formulas.
#include <cmath>

#include "matrix_problem.h"

namespace {

// The bf16 nearest to an exact sum of two doubles (ties to even), by search among the neighbours.
uint16_t nearest_of(double high, double low) {
  uint16_t best = bf16_nearest((float)high);
  double least = INFINITY;
  for (int step = -1; step <= 1; step++) {
    const uint16_t candidate = (uint16_t)(bf16_nearest((float)high) + step);
    const double value = bf16_value(candidate);
    if (!std::isfinite(value)) continue;
    const double off = std::fabs((high - value) + low);
    if (off < least || (off == least && candidate % 2 == 0)) {
      least = off;
      best = candidate;
    }
  }
  return best;
}

}  // namespace

MR_TEST(mma_f16_of_random_fragments) {
  constexpr int BLOCKS = 20, LANES = BLOCKS * 32;
  std::vector<uint32_t> a, b;
  // finite halves of every size, subnormals included, but no product beyond f32's good range
  const auto half = [] {
    const uint32_t bits = random_source()() & 0xffff;
    return (bits & 0x7c00) == 0x7c00 ? bits & 0xbfff : bits;
  };
  for (int i = 0; i < LANES * 4; i++) a.push_back(half() | half() << 16);
  for (int i = 0; i < LANES * 2; i++) b.push_back(half() | half() << 16);
  const std::vector<float> before = random_floats(LANES * 4, -100, 100);
  const auto d = device.upload(before);
  device.launch("test_mma_f16", {BLOCKS}, {32}, 0, d, device.upload(a), device.upload(b));
  const auto found = device.download(d);
  for (int block = 0; block < BLOCKS; block++) {
    // PTX: lane l holds of A rows l / 4 and l / 4 + 8, columns 2 (l % 4) + {0, 1} and 8 more; of B column l / 4
    const auto element_a = [&](int r, int k) {
      const int lane = r % 8 * 4 + k % 8 / 2, reg = r / 8 + k / 8 * 2;
      return f16_value((uint16_t)(a[(size_t)((block * 32 + lane) * 4 + reg)] >> (k % 2 * 16)));
    };
    const auto element_b = [&](int k, int n) {
      const int lane = n * 4 + k % 8 / 2;
      return f16_value((uint16_t)(b[(size_t)((block * 32 + lane) * 2 + k / 8)] >> (k % 2 * 16)));
    };
    for (int r = 0; r < 16; r++) {
      for (int n = 0; n < 8; n++) {
        const size_t at = (size_t)((block * 32 + r % 8 * 4 + n / 2) * 4 + r / 8 * 2 + n % 2);
        double sum = before[at], magnitude = std::fabs(before[at]);
        for (int k = 0; k < 16; k++) {
          sum += element_a(r, k) * element_b(k, n);
          magnitude += std::fabs(element_a(r, k) * element_b(k, n));
        }
        expect(std::fabs(found[at] - sum) <= 2e-6 * magnitude, "row " + std::to_string(r) + " column " +
                                                                   std::to_string(n) + " is " + std::to_string(found[at]) +
                                                                   ", expected " + std::to_string(sum));
      }
    }
  }
}

MR_TEST(fma_bf16x2_rounds_once) {
  constexpr int N = 20000;
  std::vector<uint32_t> a, b, c;
  const auto value = [](int mid) {
    // exponents near one another, so that sums cancel, tie and lose bits
    const uint32_t exponent = (uint32_t)(mid - 6) + random_source()() % 13;
    return (random_source()() & 0x807f) | exponent << 7;
  };
  for (int i = 0; i < N; i++) {
    a.push_back(value(127) | value(127) << 16);
    b.push_back(value(127) | value(127) << 16);
    c.push_back(value(124) | value(127) << 16);
  }
  // what dequantising does: 128 + q minus 128 + zero, times a scale
  for (uint32_t q = 0; q < 16; q++) {
    a[q] = 0x43004300u | q | (15 - q) << 16;
    b[q] = 0x3f803f80u;
    c[q] = 0xc308c300u;
  }
  const auto out = device.array<uint32_t>(N);
  device.launch("test_fma_bf16x2", {(N + 127) / 128}, {128}, 0, out, device.upload(a), device.upload(b), device.upload(c), N);
  const auto found = device.download(out);
  for (size_t i = 0; i < N; i++) {
    for (int half = 0; half < 32; half += 16) {
      const double product = (double)bf16_value((uint16_t)(a[i] >> half)) * bf16_value((uint16_t)(b[i] >> half));
      const double term = bf16_value((uint16_t)(c[i] >> half)), sum = product + term;
      const double part = sum - product, lost = (product - (sum - part)) + (term - part);
      const float result = bf16_value((uint16_t)(found[i] >> half)), wanted = bf16_value(nearest_of(sum, lost));
      expect(result == wanted, "element " + std::to_string(i) + " is " + std::to_string(result) + ", expected " +
                                   std::to_string(wanted));
    }
  }
}

// A product that is exactly between two bf16 until the last bit of a tiny summand decides.
MR_TEST(fma_bf16x2_sees_tiny_summands) {
  const std::vector<uint32_t> a = {bf16_nearest(1.0078125f), bf16_nearest(1.0078125f), bf16_nearest(1.0078125f)};
  const std::vector<uint32_t> b = {bf16_nearest(1.5f), bf16_nearest(1.5f), bf16_nearest(1.5f)};
  // 1.51171875 lies between 1.5078125 (odd) and 1.515625 (even)
  const std::vector<uint32_t> c = {0, bf16_nearest(-0x1p-60f), bf16_nearest(0x1p-60f)};
  const auto out = device.array<uint32_t>(3);
  device.launch("test_fma_bf16x2", {1}, {32}, 0, out, device.upload(a), device.upload(b), device.upload(c), 3);
  const auto found = device.download(out);
  expect(bf16_value((uint16_t)found[0]) == 1.515625f, "tie");
  expect(bf16_value((uint16_t)found[1]) == 1.5078125f, "below the tie");
  expect(bf16_value((uint16_t)found[2]) == 1.515625f, "above the tie");
}
