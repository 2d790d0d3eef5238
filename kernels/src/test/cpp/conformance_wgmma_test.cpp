// wgmma in every wrapped shape against a scalar product: exact for whole numbers, bounded for fractions.
#include <math.h>

#include "harness.h"
#include "swizzle.h"

namespace {

constexpr int ROWS = 64, THREADS = 128, SHARED = (64 + 256) * 128;
const int SHAPES[] = {8, 16, 32, 64, 96, 128, 192, 256};
// Bounds on |difference| / sum of |products|; see conformance_warp_test.cpp.
constexpr double BF16_SUM = 1.0 / (1 << 20), E4M3_SUM = 1.0 / (1 << 12);

// Values of a K-major matrix, and its bytes as a swizzled tile.
struct Operand {
  std::vector<double> values;
  std::vector<uint8_t> tile;
};

Operand operand(int rows, int row_bytes, bool e4m3, bool whole_numbers) {
  const int columns = e4m3 ? row_bytes : row_bytes / 2;
  Operand out;
  out.tile.resize(static_cast<size_t>(rows * row_bytes));
  const auto random = random_floats(static_cast<size_t>(rows * columns), -3, 3);
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) {
      float f = random[static_cast<size_t>(r * columns + c)];
      if (whole_numbers) f = roundf(f);
      if (e4m3) {
        const uint8_t bits = e4m3_nearest(f);
        out.tile[swizzled_offset(r, c, row_bytes, row_bytes)] = bits;
        out.values.push_back(static_cast<double>(e4m3_value(bits)));
      } else {
        const uint16_t bits = bf16_nearest(f);
        const size_t at = swizzled_offset(r, 2 * c, row_bytes, row_bytes);
        out.tile[at] = static_cast<uint8_t>(bits);
        out.tile[at + 1] = static_cast<uint8_t>(bits >> 8);
        out.values.push_back(static_cast<double>(bf16_value(bits)));
      }
    }
  }
  return out;
}

// Compares what the threads hold with a * b^T + start.
void check(const std::vector<float>& found, const Operand& a, const Operand& b, int n, double start, double tolerance,
           const std::string& what) {
  const size_t k_count = a.values.size() / ROWS;
  for (int t = 0; t < THREADS; t++) {
    for (int i = 0; i < n / 2; i++) {
      const size_t row = static_cast<size_t>(16 * (t / 32) + t % 32 / 4 + 8 * (i / 2 % 2));
      const size_t column = static_cast<size_t>(8 * (i / 4) + 2 * (t % 4) + i % 2);
      double sum = start, size = 0;
      for (size_t k = 0; k < k_count; k++) {
        const double p = a.values[row * k_count + k] * b.values[column * k_count + k];
        sum += p;
        size += fabs(p);
      }
      const double value = static_cast<double>(found[static_cast<size_t>(t * (n / 2) + i)]);
      expect(fabs(value - sum) <= tolerance * size, what + ": row " + std::to_string(row) + " column " +
                                                        std::to_string(column) + " is " + std::to_string(value) +
                                                        ", expected " + std::to_string(sum));
    }
  }
}

void check_shapes(Device& device, bool e4m3) {
  device.needs_hopper();
  for (int n : SHAPES) {
    const std::string kernel = std::string("test_wgmma_") + (e4m3 ? "e4m3" : "bf16") + "_n" + std::to_string(n);
    for (int row_bytes : {128, 64, 32}) {
      for (bool whole : {true, false}) {
        const Operand a = operand(ROWS, row_bytes, e4m3, whole), b = operand(n, row_bytes, e4m3, whole);
        const auto out = device.array<float>(static_cast<size_t>(THREADS * n / 2));
        device.launch(kernel, {1}, {THREADS}, SHARED, device.upload(a.tile), device.upload(b.tile), out, row_bytes);
        check(device.download(out), a, b, n, 0, whole ? 0 : e4m3 ? E4M3_SUM : BF16_SUM,
              kernel + " with rows of " + std::to_string(row_bytes));
      }
    }
  }
}

}  // namespace

MR_TEST(wgmma_bf16_in_every_shape) { check_shapes(device, false); }
MR_TEST(wgmma_e4m3_in_every_shape) { check_shapes(device, true); }

MR_TEST(wgmma_bf16_with_a_from_registers) {
  device.needs_hopper();
  for (int n : SHAPES) {
    const Operand a = operand(ROWS, 32, false, true), b = operand(n, 32, false, true);
    std::vector<uint32_t> words(4 * THREADS);
    for (size_t t = 0; t < THREADS; t++) {
      for (size_t word = 0; word < 4; word++) {
        const size_t row = 16 * (t / 32) + t % 32 / 4 + 8 * (word % 2), k = 2 * (t % 4) + 8 * (word / 2);
        const auto bits = [&](size_t c) {
          return static_cast<uint32_t>(bf16_nearest(static_cast<float>(a.values[16 * row + c])));
        };
        words[THREADS * word + t] = bits(k) | bits(k + 1) << 16;
      }
    }
    const auto out = device.array<float>(static_cast<size_t>(THREADS * n / 2));
    const std::string kernel = "test_wgmma_registers_n" + std::to_string(n);
    device.launch(kernel, {1}, {THREADS}, SHARED, device.upload(words), device.upload(b.tile), out);
    check(device.download(out), a, b, n, 1, 0, kernel);
  }
}

MR_TEST(set_max_registers_of_three_warpgroups) {
  device.needs_hopper();
  std::vector<int> in(384), expected;
  for (int i = 0; i < 384; i++) in[static_cast<size_t>(i)] = 3 * i;
  for (int i = 0; i < 384; i++) expected.push_back(i < 128 ? 3 * i + 1 : 6 * i);
  const auto out = device.array<int>(384);
  device.launch("test_set_max_registers", {2}, {384}, 0, device.upload(in), out);
  expect_same(device.download(out), expected, "values");
}
