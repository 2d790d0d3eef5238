// Warp operations against scalar models.
#include <math.h>

#include <algorithm>

#include "harness.h"

namespace {

std::vector<int> random_ints(size_t count, int low, int high) {
  std::uniform_int_distribution<int> values(low, high);
  std::vector<int> out(count);
  for (int& v : out) v = values(random_source());
  return out;
}

// A 16-row by K matrix and a K x 8 matrix as mma fragments of 32-bit words; `element` bytes each.
struct Fragments {
  std::vector<uint32_t> a, b;
};
template <class T>
Fragments fragments(const std::vector<T>& a, const std::vector<T>& b, int k_count) {
  const int per_word = 4 / static_cast<int>(sizeof(T));
  Fragments out{std::vector<uint32_t>(4 * 32), std::vector<uint32_t>(2 * 32)};
  for (int lane = 0; lane < 32; lane++) {
    const int g = lane / 4, t = lane % 4 * per_word;
    for (int e = 0; e < per_word; e++) {
      const int shift = 8 * static_cast<int>(sizeof(T)) * e;
      for (int half = 0; half < 2; half++) {
        const int k = t + half * k_count / 2 + e;
        for (int low = 0; low < 2; low++) {
          const auto value = static_cast<uint32_t>(a[static_cast<size_t>((g + 8 * low) * k_count + k)]);
          out.a[static_cast<size_t>(32 * (2 * half + low) + lane)] |= value << shift;
        }
        out.b[static_cast<size_t>(32 * half + lane)] |= static_cast<uint32_t>(b[static_cast<size_t>(8 * k + g)]) << shift;
      }
    }
  }
  return out;
}

template <class T>
void check_mma(Device& device, const char* kernel, int k_count, int steps, float (*value)(T), T (*nearest)(float),
               bool whole_numbers, double tolerance) {
  std::vector<T> a, b;
  const auto draw = [&](size_t count) {
    std::vector<T> out;
    for (float f : random_floats(count, -3, 3)) out.push_back(nearest(whole_numbers ? roundf(f) : f));
    return out;
  };
  a = draw(static_cast<size_t>(16 * k_count));
  b = draw(static_cast<size_t>(k_count * 8));
  std::vector<float> c = random_floats(4 * 32, -4, 4);
  if (whole_numbers) {
    for (float& f : c) f = roundf(f);
  }
  const Fragments f = fragments(a, b, k_count);
  const auto d = device.array<float>(4 * 32);
  device.launch(kernel, {1}, {32}, 0, device.upload(f.a), device.upload(f.b), device.upload(c), d);
  const auto found = device.download(d);
  for (int lane = 0; lane < 32; lane++) {
    for (int i = 0; i < 4; i++) {
      const int row = lane / 4 + 8 * (i / 2), column = lane % 4 * 2 + i % 2;
      double sum = 0, size = 0;
      for (int k = 0; k < k_count; k++) {
        const double p = static_cast<double>(value(a[static_cast<size_t>(row * k_count + k)])) *
                         static_cast<double>(value(b[static_cast<size_t>(8 * k + column)]));
        sum += p;
        size += fabs(p);
      }
      const size_t at = static_cast<size_t>(32 * i + lane);
      const double expected = static_cast<double>(c[at]) + steps * sum;
      expect(fabs(static_cast<double>(found[at]) - expected) <= tolerance * (size * steps + 4),
             std::string(kernel) + ": row " + std::to_string(row) + " column " + std::to_string(column) + " is " +
                 std::to_string(found[at]) + ", expected " + std::to_string(expected));
    }
  }
}

// Bounds on |difference| / sum of |products|. Whole numbers are exact on every device. bf16: single precision sums.
// e4m3: chips may keep as few as 14 bits of a sum.
constexpr double EXACT = 0, BF16_SUM = 1.0 / (1 << 20), E4M3_SUM = 1.0 / (1 << 12);

}  // namespace

MR_TEST(shuffles_in_all_directions) {
  const auto in = random_ints(32, -1000, 1000), sources = random_ints(32, 0, 31);
  const auto out = device.array<int>(14 * 32);
  device.launch("test_shuffles", {1}, {32}, 0, device.upload(in), device.upload(sources), out);
  std::vector<int> expected;
  const auto put = [&](auto source) {
    for (int lane = 0; lane < 32; lane++) expected.push_back(in[static_cast<size_t>(source(lane))]);
  };
  const auto segment = [](int lane, int source, int width) {
    return source / width == lane / width && source >= 0 ? source : lane;
  };
  put([&](int lane) { return sources[static_cast<size_t>(lane)]; });
  put([&](int lane) { return lane / 8 * 8 + sources[static_cast<size_t>(lane)] % 8; });
  for (int bits = 1; bits < 32; bits *= 2) put([&](int lane) { return lane ^ bits; });
  put([&](int lane) { return lane ^ 3; });
  put([&](int lane) { return segment(lane, lane - 5, 32); });
  put([&](int lane) { return segment(lane, lane - 1, 8); });
  put([&](int lane) { return segment(lane, lane + 7, 32); });
  put([&](int lane) { return segment(lane, lane + 2, 4); });
  put([&](int lane) { return lane ^ 16; });
  put([&](int lane) { return (lane + 1) % 32; });
  expect_same(device.download(out), expected, "shuffled values");
}

MR_TEST(votes_of_warps_and_halves) {
  auto in = random_ints(42, 0, 60);
  for (int variant = 0; variant < 3; variant++) {
    in[40] = variant == 0 ? in[7] : 99;  // any: somebody, nobody
    in[41] = variant == 1 ? 100 : 50;    // all: everybody, or by chance
    const auto out = device.array<unsigned>(192);
    device.launch("test_votes", {1}, {32}, 0, device.upload(in), out);
    const auto found = device.download(out);
    unsigned odd = 0, twos = 0;
    for (int l = 0; l < 32; l++) {
      odd |= static_cast<unsigned>(in[static_cast<size_t>(l)] & 1) << l;
      twos |= static_cast<unsigned>(in[static_cast<size_t>(l)] >> 1 & 1) << l;
    }
    const auto first = in.begin(), last = in.begin() + 32;
    const bool any = std::find(first, last, in[40]) != last;
    const bool all = std::all_of(first, last, [&](int v) { return v < in[41]; });
    for (unsigned l = 0; l < 32; l++) {
      const auto v = static_cast<unsigned>(in[l]);
      unsigned same = 0;
      for (unsigned o = 0; o < 32; o++) same |= static_cast<unsigned>(in[o] % 5 == in[l] % 5) << o;
      expect_equal(found[l], odd, "ballot");
      expect_equal(found[32 + l], any, "any");
      expect_equal(found[64 + l], all, "all");
      expect_equal(found[96 + l], same, "match_any");
      expect_equal(found[128 + l], twos & (l < 16 ? 0xffffu : 0xffff0000u), "ballot of a half");
      const int zeros = v ? __builtin_clz(v) : 32;
      expect_equal(found[160 + l], __builtin_popcount(v) + 100 * __builtin_ffs(in[l]) + 10000 * zeros, "bit counts");
    }
  }
}

MR_TEST(warp_sum_and_max_are_the_same_in_every_lane) {
  const auto in = random_floats(64, -5, 5);
  const auto out = device.array<float>(192);
  device.launch("test_warp_reductions", {1}, {64}, 0, device.upload(in), out);
  const auto found = device.download(out);
  for (size_t w = 0; w < 2; w++) {
    // The tree of the header, in single precision: the same bits everywhere.
    float tree[32];
    for (size_t l = 0; l < 32; l++) tree[l] = in[32 * w + l];
    for (size_t offset = 16; offset; offset /= 2) {
      float next[32];
      for (size_t l = 0; l < 32; l++) next[l] = tree[l] + tree[l ^ offset];
      std::copy(next, next + 32, tree);
    }
    const auto begin = in.begin() + static_cast<ptrdiff_t>(32 * w);
    for (size_t l = 0; l < 32; l++) {
      expect(found[32 * w + l] == tree[l], "sum in lane " + std::to_string(l));
      expect(found[64 + 32 * w + l] == *std::max_element(begin, begin + 32), "max in lane " + std::to_string(l));
      expect_equal(static_cast<int64_t>(found[128 + 32 * w + l]), static_cast<int64_t>(l), "lane number");
    }
  }
}

MR_TEST(ldmatrix_in_all_forms) {
  std::vector<uint16_t> in(32 * 32);
  for (size_t i = 0; i < in.size(); i++) in[i] = static_cast<uint16_t>(i);
  const auto out = device.array<uint32_t>(14 * 32);
  device.launch("test_ldmatrix", {1}, {32}, 32 * 40 * 2, device.upload(in), out);
  std::vector<uint32_t> expected;
  for (bool transposed : {false, true}) {
    for (int count : {1, 2, 4}) {
      for (int matrix = 0; matrix < count; matrix++) {
        for (int lane = 0; lane < 32; lane++) {
          const auto element = [&](int e) {
            const int major = lane / 4, minor = lane % 4 * 2 + e;
            const int row = 8 * matrix + (transposed ? minor : major), column = 8 + (transposed ? major : minor);
            return static_cast<uint32_t>(in[static_cast<size_t>(32 * row + column)]);
          };
          expected.push_back(element(0) | element(1) << 16);
        }
      }
    }
  }
  expect_same(device.download(out), expected, "fragments");
}

MR_TEST(stmatrix_of_four) {
  std::vector<uint32_t> in(4 * 32);
  for (uint32_t& v : in) v = random_source()();
  const auto out = device.array<uint16_t>(32 * 8);
  device.launch("test_stmatrix", {1}, {32}, 32 * 40 * 2, device.upload(in), out);
  const auto found = device.download(out);
  for (size_t row = 0; row < 32; row++) {
    for (size_t column = 0; column < 8; column++) {
      const uint32_t word = in[32 * (row / 8) + 4 * (row % 8) + column / 2];
      expect_equal(found[8 * row + column], word >> (16 * (column % 2)) & 0xffff,
                   "row " + std::to_string(row) + " column " + std::to_string(column));
    }
  }
}

MR_TEST(mma_bf16_of_whole_numbers) {
  check_mma<uint16_t>(device, "test_mma_bf16", 16, 2, bf16_value, bf16_nearest, true, EXACT);
}
MR_TEST(mma_bf16_of_fractions) {
  check_mma<uint16_t>(device, "test_mma_bf16", 16, 2, bf16_value, bf16_nearest, false, BF16_SUM);
}
MR_TEST(mma_e4m3_of_whole_numbers) {
  check_mma<uint8_t>(device, "test_mma_e4m3", 32, 1, e4m3_value, e4m3_nearest, true, EXACT);
}
MR_TEST(mma_e4m3_of_fractions) {
  check_mma<uint8_t>(device, "test_mma_e4m3", 32, 1, e4m3_value, e4m3_nearest, false, E4M3_SUM);
}

MR_TEST(named_barriers_hand_over) {
  constexpr int ROUNDS = 7;
  const auto out = device.array<int>(32);
  device.launch("test_named_barriers", {3}, {64}, 256, out, ROUNDS);
  std::vector<int> expected;
  for (int lane = 0; lane < 32; lane++) expected.push_back(1000 * (ROUNDS * (ROUNDS - 1) / 2) + ROUNDS * (31 - lane));
  expect_same(device.download(out), expected, "sums of what was handed over");
}

MR_TEST(atomics_across_blocks) {
  const auto in = random_ints(1000, -500, 500);
  std::vector<int> zero(8);
  const auto out = device.upload(zero);
  device.launch("test_atomics", {16}, {64}, 0, device.upload(in), out, 1000);
  const auto found = device.download(out);
  int sum = 0, most = 0, least = 0;
  unsigned most_unsigned = 0;
  for (int v : in) {
    sum += v;
    most = std::max(most, v);
    least = std::min(least, v);
    most_unsigned = std::max(most_unsigned, static_cast<unsigned>(v));
  }
  expect_equal(found[0], sum, "atomicAdd");
  expect_equal(found[1], most, "atomicMax");
  expect_equal(found[2], least, "atomicMin");
  expect_equal(static_cast<unsigned>(found[3]), most_unsigned, "atomicMax of unsigned");
  expect_equal(found[4] + found[5], sum, "atomicExch");
  expect_equal(found[6], sum, "atomicCAS");
  expect_equal(found[7], 1000, "atomicAdd of unsigned");
}
