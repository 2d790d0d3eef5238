// SwiGLU of products in f32, against double precision.
#include <cmath>
#include <cstdlib>

#include "harness.h"

namespace {

void check(Device& device, int rows, int width, bool scored, unsigned blocks) {
  const std::string what = std::to_string(rows) + " x " + std::to_string(width);
  auto pairs = random_floats((size_t)(rows * 2 * width), -4, 4);
  for (size_t i = 0; i < pairs.size(); i += 7) pairs[i] *= 1000;  // both ends of silu
  const auto score = random_floats((size_t)rows, 0, 1);
  const size_t used = (size_t)(rows * width), plane = used + 16;
  const auto out = device.upload(std::vector<uint16_t>(3 * plane, 0x7fff));
  device.launch("mr_swiglu_terms", {blocks}, {256}, 0, out, device.upload(pairs),
                scored ? device.upload(score) : Array<float>{}, device.upload(std::vector<int32_t>{rows}), (int64_t)plane,
                width);
  const auto found = device.download(out);
  std::vector<double> expected, allowed;
  std::vector<float> sums;
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < width; c++) {
      const float* pair = &pairs[(size_t)(r * 2 * width + c / 8 * 16 + c % 8)];
      const double factor = scored ? (double)score[(size_t)r] : 1, gate = factor * pair[0], up = factor * pair[8];
      expected.push_back(gate / (1 + std::exp(-gate)) * up);
      // a gate that is off by one bit in 24 puts its exponential off by as much as the gate is large
      allowed.push_back(std::fabs(expected.back()) * (4 + std::fabs(gate)) * 0x1p-23 + 1e-35);
      const size_t at = (size_t)(r * width + c);
      sums.push_back(bf16_value(found[at]) + bf16_value(found[plane + at]) + bf16_value(found[2 * plane + at]));
      // Of zeros the sum forgets the sign. Below 2^-110 it is not exact (terms.cuh), so that what lay just beside the
      // middle between two first terms may have come to lie in it.
      const int first = found[at] & 0x7fff, nearest = bf16_nearest(sums.back()) & 0x7fff;
      const int apart = std::fabs(sums.back()) < 0x1p-110f ? 1 : 0;
      expect(std::abs(first - nearest) <= apart, what + ": the first term is " + std::to_string(first) + ", expected " +
                                                     std::to_string(nearest));
    }
  }
  for (size_t i = 0; i < used; i++) {
    expect(std::fabs(sums[i] - expected[i]) <= allowed[i], what + ": element " + std::to_string(i) + " is " +
                                                              std::to_string(sums[i]) + ", expected " +
                                                              std::to_string(expected[i]));
  }
  for (size_t i = 0; i < found.size(); i++) {
    if (i % plane >= used) expect_equal(found[i], 0x7fff, what + ": between the planes");
  }
}

}  // namespace

MR_TEST(swiglu_of_products_in_f32) {
  check(device, 1, 8, false, 1);
  check(device, 37, 104, true, 3);
  check(device, 5, 1024, true, 40);
}
