// Shared memory, barriers and shuffles together.
#include "harness.h"

MR_TEST(block_sum_over_shared_memory) {
  constexpr int ROWS = 5, N = 333;
  const auto in = random_floats(ROWS * N, -1, 1);
  const auto out = device.array<float>(ROWS);
  device.launch("test_block_sum", {ROWS}, {128}, 128, device.upload(in), out, N);
  std::vector<double> expected(ROWS);
  for (int r = 0; r < ROWS; r++) {
    for (int i = 0; i < N; i++) expected[static_cast<size_t>(r)] += in[static_cast<size_t>(r * N + i)];
  }
  expect_close(device.download(out), expected, 1e-6, 1e-5, "row sum");
}
