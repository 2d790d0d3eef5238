// Atomics on whole numbers.
#include "harness.h"

MR_TEST(atomic_add_of_64_bits) {
  constexpr int N = 1000;
  std::vector<unsigned long long> in(N), expected(8);
  for (int i = 0; i < N; i++) {
    in[static_cast<size_t>(i)] = static_cast<unsigned long long>(random_source()()) << 20 | 1;
    expected[static_cast<size_t>(i % 8)] += in[static_cast<size_t>(i)];
  }
  const auto out = device.array<unsigned long long>(8);
  device.launch("test_atomic_add_64", {1}, {96}, 64, device.upload(in), out, N);
  expect_same(device.download(out), expected, "sums");
}
