// Background copies: cp.async, mbarriers, TMA in two and three dimensions with every swizzle.
#include "harness.h"
#include "swizzle.h"

namespace {

constexpr int TILE = 16384 + 1024;
constexpr int U8 = 0, U16 = 1, BF16 = 9;

std::vector<uint8_t> random_bytes(size_t count) {
  std::vector<uint8_t> out(count);
  for (uint8_t& b : out) b = static_cast<uint8_t>(random_source()());
  return out;
}

// A matrix of `rows` x `columns` 16-bit elements, a box of `box_rows` x (swizzle / 2) at (x, y), as it must lie in
// shared memory; outside of the matrix are zeros.
std::vector<uint8_t> expected_tile(const std::vector<uint16_t>& matrix, int rows, int columns, int box_rows,
                                   int box_columns, int x, int y, int swizzle) {
  const int row_bytes = 2 * box_columns;
  std::vector<uint8_t> tile(static_cast<size_t>(box_rows * row_bytes));
  for (int r = 0; r < box_rows; r++) {
    for (int c = 0; c < box_columns; c++) {
      const bool inside = y + r >= 0 && y + r < rows && x + c >= 0 && x + c < columns;
      const uint16_t v = inside ? matrix[static_cast<size_t>((y + r) * columns + x + c)] : 0;
      const size_t at = swizzled_offset(r, 2 * c, row_bytes, swizzle);
      tile[at] = static_cast<uint8_t>(v);
      tile[at + 1] = static_cast<uint8_t>(v >> 8);
    }
  }
  return tile;
}

}  // namespace

MR_TEST(cp_async_groups_and_predicates) {
  std::vector<uint32_t> in(4 * 128 * 4);
  for (uint32_t& v : in) v = random_source()();
  const auto out = device.array<uint32_t>(in.size());
  device.launch("test_cp_async", {2}, {128}, 8192, device.upload(in), out);
  const auto found = device.download(out);
  for (size_t g = 0; g < 4; g++) {
    for (size_t t = 0; t < 128; t++) {
      const size_t neighbour = (t + 1) % 128;
      for (size_t i = 0; i < 4; i++) {
        const bool copied = g != 2 || neighbour % 2 == 0;
        expect_equal(found[4 * (128 * g + t) + i], copied ? in[4 * (128 * g + neighbour) + i] : 0,
                     "group " + std::to_string(g) + " thread " + std::to_string(t));
      }
    }
  }
}

MR_TEST(mbarrier_ring_of_stages) {
  if (device.compute_capability() < 90) throw Skipped("mbarrier waits are wrapped from 9.0 on");
  constexpr int ROUNDS = 20;
  std::vector<int> in(32 * ROUNDS);
  for (int& v : in) v = static_cast<int>(random_source()() % 1000);
  const auto out = device.array<int>(64);
  device.launch("test_mbarrier", {2}, {96}, 1024, device.upload(in), out, ROUNDS);
  std::vector<int> expected(64);
  for (int warp = 1; warp <= 2; warp++) {
    for (int lane = 0; lane < 32; lane++) {
      for (int round = 0; round < ROUNDS; round++) {
        expected[static_cast<size_t>(32 * (warp - 1) + lane)] +=
            in[static_cast<size_t>(32 * round + (lane + warp) % 32)] * (round + 1);
      }
    }
  }
  expect_same(device.download(out), expected, "consumers' sums");
}

MR_TEST(tma_load_2d_with_every_swizzle) {
  device.needs_hopper();
  constexpr int ROWS = 50, COLUMNS = 200, BOX_ROWS = 24;
  std::vector<uint16_t> matrix(ROWS * COLUMNS);
  for (uint16_t& v : matrix) v = static_cast<uint16_t>(random_source()());
  const auto global = device.upload(matrix);
  for (int swizzle : {0, 32, 64, 128}) {
    const int box_columns = swizzle ? swizzle / 2 : 40;
    const auto map = device.tensor_map(BF16, global.address, {COLUMNS, ROWS}, {2 * COLUMNS},
                                       {static_cast<uint32_t>(box_columns), BOX_ROWS}, swizzle);
    // Inside, over the far corner, before the near corner.
    for (auto [x, y] : {std::pair{16, 8}, std::pair{COLUMNS - 10, ROWS - 5}, std::pair{-8, -3}}) {
      const auto expected = expected_tile(matrix, ROWS, COLUMNS, BOX_ROWS, box_columns, x, y, swizzle);
      const auto out = device.array<uint8_t>(expected.size());
      device.launch("test_tma_load_2d", {1}, {64}, TILE, map, out, static_cast<int>(expected.size()), x, y);
      expect_same(device.download(out), expected,
                  "tile with swizzle " + std::to_string(swizzle) + " at " + std::to_string(x) + "," + std::to_string(y));
    }
  }
}

MR_TEST(tma_load_3d_of_planes) {
  device.needs_hopper();
  constexpr int PLANES = 5, ROWS = 12, COLUMNS = 128, BOX = 8, BOX_PLANES = 2;
  std::vector<uint8_t> tensor = random_bytes(PLANES * ROWS * COLUMNS);
  const auto map = device.tensor_map(U8, device.upload(tensor).address, {COLUMNS, ROWS, PLANES},
                                     {COLUMNS, ROWS * COLUMNS}, {128, BOX, BOX_PLANES}, 128);
  const auto out = device.array<uint8_t>(BOX_PLANES * BOX * 128);
  for (auto [y, z] : {std::pair{2, 1}, std::pair{9, 4}}) {
    device.launch("test_tma_load_3d", {1}, {64}, TILE, map, out, BOX_PLANES * BOX * 128, 0, y, z);
    std::vector<uint8_t> expected(out.count);
    for (int p = 0; p < BOX_PLANES; p++) {
      for (int r = 0; r < BOX; r++) {
        for (int c = 0; c < 128; c++) {
          const bool inside = y + r < ROWS && z + p < PLANES;
          expected[swizzled_offset(p * BOX + r, c, 128, 128)] =
              inside ? tensor[static_cast<size_t>(((z + p) * ROWS + y + r) * COLUMNS + c)] : 0;
        }
      }
    }
    expect_same(device.download(out), expected, "two planes at row " + std::to_string(y));
  }
}

MR_TEST(tma_store_2d_drops_what_is_outside) {
  device.needs_hopper();
  constexpr int ROWS = 20, COLUMNS = 96, BOX_ROWS = 16;
  for (int swizzle : {0, 128}) {
    const std::vector<uint16_t> before(ROWS * COLUMNS, 7);
    const auto global = device.upload(before);
    const auto map = device.tensor_map(U16, global.address, {COLUMNS, ROWS}, {2 * COLUMNS}, {64, BOX_ROWS}, swizzle);
    const auto tile = random_bytes(BOX_ROWS * 128);
    constexpr int X = 48, Y = 9;
    device.launch("test_tma_store_2d", {1}, {64}, TILE, map, device.upload(tile), BOX_ROWS * 128, X, Y);
    auto expected = before;
    for (int r = 0; r < BOX_ROWS && Y + r < ROWS; r++) {
      for (int c = 0; c < 64 && X + c < COLUMNS; c++) {
        const size_t at = swizzled_offset(r, 2 * c, 128, swizzle);
        expected[static_cast<size_t>((Y + r) * COLUMNS + X + c)] = static_cast<uint16_t>(tile[at] | tile[at + 1] << 8);
      }
    }
    expect_same(device.download(global), expected, "matrix after the store, swizzle " + std::to_string(swizzle));
  }
}

MR_TEST(bulk_load_of_plain_bytes) {
  device.needs_hopper();
  const auto in = random_bytes(4112);
  const auto out = device.array<uint8_t>(in.size());
  device.launch("test_bulk_load", {1}, {64}, TILE, device.upload(in), out, static_cast<int>(in.size()));
  expect_same(device.download(out), in, "bytes");
}
