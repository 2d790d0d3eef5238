// mr_probe against its formula.
#include "harness.h"

MR_TEST(probe_gives_architecture_and_pattern) {
  constexpr int N = 1000;
  std::vector<uint32_t> in(N);
  for (uint32_t& v : in) v = random_source()();
  const auto out = device.array<uint32_t>(N + 2);
  device.launch("mr_probe", {8}, {128}, 0, device.upload(in), out, N);
  const auto found = device.download(out);
  const int arch = static_cast<int>(found[0]);
  expect(arch == device.compute_capability() * 10 || arch == 800, "the code's architecture is " + std::to_string(arch));
  expect_equal(found[1], arch == 900, "TMA and wgmma");
  for (uint32_t i = 0; i < N; i++) {
    expect_equal(found[2 + i], static_cast<uint32_t>(in[i] * 2654435761u + i), "element " + std::to_string(i));
  }
}
