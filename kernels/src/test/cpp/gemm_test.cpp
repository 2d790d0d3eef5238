// The products of linear layers: mr_gemm_*, mr_swiglu_*, mr_quantize_rows_fp8.
//
// Every tile size must give the same bits, close to the product in double precision; what else is in the launch, and
// where a row stands in it, must not matter.
#include <algorithm>
#include <numeric>

#include "gemm_launch.h"

namespace {

const std::vector<int> ROW_COUNTS = {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 65, 130};

// What may differ from the exact sum, as a share of the terms' magnitude. Rounding of k products and sums in f32: each
// adds at most a unit of the last place of what is there. wgmma on e4m3 keeps about 14 bits of a sum, on hardware.
double allowed(Device& device, const Weights& w) {
  if (w.format == Format::FP8 && !device.emulated() && device.compute_capability() == 90) {
    return 0x1p-13 * (4 + w.columns / 32.0);
  }
  return 1e-7 * (4 + std::sqrt((double)w.columns));
}

std::vector<int32_t> identity(int count) {
  std::vector<int32_t> values((size_t)count);
  std::iota(values.begin(), values.end(), 0);
  return values;
}

// Compares rows [rows, n] of a result with the product of each row with its group's matrix.
void expect_products(const std::vector<float>& found, const Weights& w, const InputRows& x,
                     const std::vector<int32_t>& source, int stride, double share, const std::string& what) {
  for (size_t r = 0; r < source.size(); r++) {
    for (int c = 0; c < w.n; c++) {
      const Dot expected = dot(w, c, x, source[r]);
      const double off = std::fabs(found[r * (size_t)stride + (size_t)c] - expected.sum);
      if (!(off <= share * expected.magnitude)) {
        throw Failure(what + ": row " + std::to_string(r) + " channel " + std::to_string(c) + " is " +
                      std::to_string(found[r * (size_t)stride + (size_t)c]) + ", expected " +
                      std::to_string(expected.sum) + ", off by " + std::to_string(off / expected.magnitude) +
                      " of the terms' magnitude");
      }
    }
  }
}

// One matrix, all tile sizes: right, equal in bits, nothing written outside; then added instead of stored.
void check_dense(Device& device, const Weights& w, int rows) {
  const std::string what = name_of(w) + " T=" + std::to_string(rows);
  const InputRows x = random_rows(w.format, rows, w.columns);
  const int stride = w.n + 3;
  const OnDevice matrix(device, {packed(w)});
  std::vector<float> first;
  for (int tile : TILES) {
    GemmCall call{w, x, matrix};
    call.tile = tile;
    call.out_rows = rows;
    call.stride = stride;
    call.grid = tile == 8 ? 1 : 5;
    const std::vector<float> found = run_gemm(device, call);
    if (first.empty()) {
      expect_products(found, w, x, identity(rows), stride, allowed(device, w), what);
      for (int r = 0; r < rows; r++) {
        for (int c = w.n; c < stride; c++) expect(std::isnan(found[(size_t)(r * stride + c)]), what + ": wrote beyond n");
      }
      first = found;
    }
    expect_same_bits(found, first, what + " N=" + std::to_string(tile));
  }
  GemmCall call{w, x, matrix};
  call.tile = rows % 2 ? 8 : 32;
  call.out_rows = rows;
  call.stride = stride;
  call.initial = random_floats((size_t)(rows * stride), -4, 4);
  std::vector<float> expected = call.initial;
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < w.n; c++) expected[(size_t)(r * stride + c)] += first[(size_t)(r * stride + c)];
  }
  expect_same_bits(run_gemm(device, call), expected, what + " added");
}

void check_all_counts(Device& device, Format format, int n, int columns, int group = 64, bool asymmetric = false) {
  const Weights w = random_weights(format, n, columns, group, asymmetric);
  for (int rows : ROW_COUNTS) check_dense(device, w, rows);
}

// Groups of many sizes, empty ones among them, rows gathered from x and scattered to out.
void check_grouped(Device& device, Format format, const std::vector<int>& sizes) {
  const int n = 40, columns = 136;
  std::vector<Weights> experts;
  std::vector<Packed> matrices;
  std::vector<int32_t> offsets = {0};
  for (int size : sizes) {
    experts.push_back(random_weights(format, n, columns));
    matrices.push_back(packed(experts.back()));
    offsets.push_back(offsets.back() + size);
  }
  const int rows = offsets.back();
  const InputRows x = random_rows(format, rows + 5, columns);
  std::vector<int32_t> source, target = identity(rows);
  for (int r = 0; r < rows; r++) source.push_back((int32_t)(random_source()() % (unsigned)(rows + 5)));
  std::shuffle(target.begin(), target.end(), random_source());
  const OnDevice resident(device, matrices);
  std::vector<float> first;
  for (int tile : TILES) {
    for (int grid : {1, 7, 1000}) {
      GemmCall call{experts[0], x, resident};
      call.tile = tile;
      call.grid = grid;
      call.offsets = offsets;
      call.source = source;
      call.target = target;
      call.out_rows = rows;
      call.stride = n;
      const std::vector<float> found = run_gemm(device, call);
      if (first.empty()) {
        first = found;
        for (size_t g = 0; g < sizes.size(); g++) {
          for (int r = offsets[g]; r < offsets[g + 1]; r++) {
            const std::vector<float> row(found.begin() + target[(size_t)r] * n, found.begin() + (target[(size_t)r] + 1) * n);
            expect_products(row, experts[g], x, {source[(size_t)r]}, n, allowed(device, experts[g]),
                            "group " + std::to_string(g));
          }
        }
      }
      expect_same_bits(found, first, "groups, N=" + std::to_string(tile) + " grid " + std::to_string(grid));
    }
  }
}

// A row alone, and in other company at other places.
void check_invariance(Device& device, Format format) {
  const Weights w = random_weights(format, 72, 264, 32, true);
  const int rows = 67;
  const InputRows x = random_rows(format, rows, w.columns);
  const OnDevice matrix(device, {packed(w)});
  GemmCall all{w, x, matrix};
  all.tile = 64;
  all.out_rows = rows;
  all.stride = w.n;
  const std::vector<float> whole = run_gemm(device, all);
  for (int round = 0; round < 6; round++) {
    GemmCall call = all;
    call.tile = TILES[(size_t)round % TILES.size()];
    const int count = round == 0 ? 1 : 1 + (int)(random_source()() % 40);
    call.offsets = {0, count};
    call.source.clear();
    for (int r = 0; r < count; r++) call.source.push_back((int32_t)(random_source()() % (unsigned)rows));
    call.out_rows = count;
    const std::vector<float> some = run_gemm(device, call);
    for (int r = 0; r < count; r++) {
      const auto at = whole.begin() + call.source[(size_t)r] * w.n;
      expect_same_bits({some.begin() + r * w.n, some.begin() + (r + 1) * w.n}, {at, at + w.n},
                       "row " + std::to_string(call.source[(size_t)r]) + " in other company");
    }
  }
}

double silu(double x) { return x / (1 + std::exp(-x)); }

// Gate and up of groups with scores, one row driven far out on both sides.
void check_swiglu(Device& device, Format format, int rows) {
  const int n = 40, padded = 64, columns = 72;
  std::vector<Weights> gates, ups;
  std::vector<Packed> matrices;
  for (int g = 0; g < 3; g++) {
    gates.push_back(random_weights(format, n, columns));
    ups.push_back(random_weights(format, n, columns));
    Packed pair = packed_pair(gates.back(), ups.back());
    expect_equal(pair.rows, 128, "packed rows");
    matrices.push_back(pair);
  }
  InputRows x = random_rows(format, rows, columns);
  for (int c = 0; c < columns; c++) {
    if (format != Format::FP8) x.bf16[(size_t)(c + (rows - 1) * x.stride)] = bf16_nearest((float)x.value(rows - 1, c) * 4096);
  }
  if (format == Format::FP8) x.scales[(size_t)rows - 1] *= 65536;
  const std::vector<int32_t> offsets = {0, rows / 3, rows / 3, rows};
  const std::vector<float> score = random_floats((size_t)rows, 0.1f, 1);
  const OnDevice resident(device, matrices);
  std::vector<uint16_t> first;
  for (int tile : TILES) {
    GemmCall call{gates[0], x, resident};
    call.tile = tile;
    call.grid = 3;
    call.offsets = offsets;
    call.out_rows = rows;
    call.stride = padded;
    call.score = score;
    const std::vector<uint16_t> found = run_swiglu(device, call, padded);
    if (first.empty()) {
      first = found;
      for (int r = 0; r < rows; r++) {
        const size_t g = r < offsets[1] ? 0 : 2;
        for (int c = 0; c < padded; c++) {
          const float value = bf16_value(found[(size_t)(r * padded + c)]);
          if (c >= n) {
            expect(value == 0, "padding is " + std::to_string(value));
            continue;
          }
          const Dot gate = dot(gates[g], c, x, r), up = dot(ups[g], c, x, r);
          const double s = score[(size_t)r], expected = silu(s * gate.sum) * s * up.sum;
          const double unsure = allowed(device, gates[g]) * 4 *
                                (gate.magnitude * (1 + std::fabs(up.sum)) + up.magnitude * (1 + std::fabs(gate.sum)));
          expect(std::fabs(value - expected) <= std::fabs(expected) / 250 + unsure,
                 "row " + std::to_string(r) + " channel " + std::to_string(c) + " is " + std::to_string(value) +
                     ", expected " + std::to_string(expected));
        }
      }
    }
    expect_same(found, first, "N=" + std::to_string(tile));
  }
}

}  // namespace

MR_TEST(gemm_bf16_of_narrow_and_ragged_matrices) {
  check_all_counts(device, Format::BF16, 40, 72);
}
MR_TEST(gemm_bf16_of_several_tiles) { check_all_counts(device, Format::BF16, 200, 328); }
MR_TEST(gemm_fp8_of_narrow_and_ragged_matrices) {
  check_all_counts(device, Format::FP8, 40, 72);
}
MR_TEST(gemm_fp8_of_several_tiles) { check_all_counts(device, Format::FP8, 200, 400); }
MR_TEST(gemm_int4_of_groups_of_32) { check_all_counts(device, Format::INT4, 40, 72, 32, false); }
MR_TEST(gemm_int4_of_groups_of_32_with_zeros) { check_all_counts(device, Format::INT4, 136, 328, 32, true); }
MR_TEST(gemm_int4_of_groups_of_64) { check_all_counts(device, Format::INT4, 72, 328, 64, false); }
MR_TEST(gemm_int4_of_groups_of_128_with_zeros) { check_all_counts(device, Format::INT4, 72, 328, 128, true); }
MR_TEST(gemm_int4_of_one_group_a_row) { check_all_counts(device, Format::INT4, 72, 192, 192, false); }

MR_TEST(gemm_bf16_of_expert_groups) { check_grouped(device, Format::BF16, {0, 3, 0, 0, 40, 1, 17, 9, 0}); }
MR_TEST(gemm_fp8_of_expert_groups) { check_grouped(device, Format::FP8, {0, 3, 0, 0, 40, 1, 17, 9, 0}); }
MR_TEST(gemm_int4_of_expert_groups) { check_grouped(device, Format::INT4, {0, 3, 0, 0, 40, 1, 17, 9, 0}); }
MR_TEST(gemm_bf16_with_all_rows_in_one_group) { check_grouped(device, Format::BF16, {0, 0, 50, 0}); }
MR_TEST(gemm_bf16_of_hundreds_of_groups) {
  std::vector<int> sizes;
  for (int group = 0; group < 401; group++) sizes.push_back(group % 7 == 3 ? 1 + group % 11 : 0);
  check_grouped(device, Format::BF16, sizes);
}
MR_TEST(gemm_bf16_of_more_groups_than_lanes) {
  std::vector<int> sizes(129, 0);
  for (size_t g = 0; g < sizes.size(); g += 5) sizes[g] = 1 + (int)g % 4;
  check_grouped(device, Format::BF16, sizes);
}

MR_TEST(gemm_without_any_row_writes_nothing) {
  const Weights w = random_weights(Format::BF16, 64, 64);
  const InputRows x = random_rows(Format::BF16, 1, 64);
  const OnDevice matrix(device, {packed(w)});
  GemmCall call{w, x, matrix};
  call.offsets = {0, 0};
  call.out_rows = 1;
  call.stride = 64;
  for (float value : run_gemm(device, call)) expect(std::isnan(value), "something was written");
}

MR_TEST(gemm_bf16_row_is_the_same_in_any_company) { check_invariance(device, Format::BF16); }
MR_TEST(gemm_fp8_row_is_the_same_in_any_company) { check_invariance(device, Format::FP8); }
MR_TEST(gemm_int4_row_is_the_same_in_any_company) { check_invariance(device, Format::INT4); }

MR_TEST(gemm_keeps_a_bad_row_to_itself) {
  const Weights w = random_weights(Format::BF16, 72, 128);
  InputRows x = random_rows(Format::BF16, 20, 128);
  const OnDevice matrix(device, {packed(w)});
  GemmCall call{w, x, matrix};
  call.out_rows = 20;
  call.stride = 72;
  const std::vector<float> good = run_gemm(device, call);
  x.bf16[(size_t)(6 * x.stride + 5)] = 0x7fc0;
  x.bf16[(size_t)(17 * x.stride)] = 0x7f80;
  const std::vector<float> found = run_gemm(device, call);
  for (int r = 0; r < 20; r++) {
    for (int c = 0; c < 72; c++) {
      const float value = found[(size_t)(r * 72 + c)];
      const bool same = r == 6 || r == 17 ? !std::isfinite(value) : value == good[(size_t)(r * 72 + c)];
      expect(same, "row " + std::to_string(r) + " is " + std::to_string(value));
    }
  }
}

// The claim of gemm_int4.cu: the bits of the bf16 product with the dequantised matrix.
MR_TEST(gemm_int4_has_the_bits_of_its_dequantised_matrix) {
  for (bool asymmetric : {false, true}) {
    const Weights w = random_weights(Format::INT4, 72, 200, 32, asymmetric);
    Weights plain;
    plain.n = w.n;
    plain.columns = w.columns;
    for (int r = 0; r < w.n; r++) {
      for (int c = 0; c < w.columns; c++) plain.bf16.push_back(bf16_nearest((float)w.value(r, c)));
    }
    const InputRows x = random_rows(Format::BF16, 19, w.columns);
    const OnDevice quantised(device, {packed(w)}), dequantised(device, {packed(plain)});
    GemmCall one{w, x, quantised}, other{plain, x, dequantised};
    one.out_rows = other.out_rows = 19;
    one.stride = other.stride = w.n;
    expect_same_bits(run_gemm(device, one), run_gemm(device, other), "int4 against bf16");
  }
}

MR_TEST(swiglu_bf16_of_groups_with_scores) {
  for (int rows : {1, 9, 33, 130}) check_swiglu(device, Format::BF16, rows);
}
MR_TEST(swiglu_fp8_of_groups_with_scores) {
  for (int rows : {1, 9, 33}) check_swiglu(device, Format::FP8, rows);
}
MR_TEST(swiglu_int4_of_groups_with_scores) {
  for (int rows : {1, 9, 33}) check_swiglu(device, Format::INT4, rows);
}

MR_TEST(quantize_rows_to_fp8) {
  const int rows = 11, width = 269, stride = 272, out_stride = 280;
  std::vector<uint16_t> x = random_bf16((size_t)(rows * stride), -3, 3);
  const auto at = [&](int r, int c) -> uint16_t& { return x[(size_t)(r * stride + c)]; };
  for (int c = 0; c < width; c++) {
    at(2, c) = 0;
    at(3, c) = bf16_nearest(bf16_value(at(3, c)) * 0x1p-100f);
    at(4, c) = bf16_nearest(bf16_value(at(4, c)) * 0x1p100f);
  }
  at(5, 268) = 0x7fc0;  // NaN
  at(6, 0) = 0xff80;    // -inf
  for (int r = 0; r < rows; r++) {
    for (int c = width; c < stride; c++) at(r, c) = 0x7fc0;  // padding is not looked at
  }
  const auto out = device.array<uint8_t>((size_t)(rows * out_stride));
  const auto scale = device.array<float>((size_t)rows);
  device.launch("mr_quantize_rows_fp8", {2}, {128}, 0, out, scale, device.upload(x),
                device.upload(std::vector<int32_t>{rows}), width, stride, out_stride);
  const auto codes = device.download(out);
  const auto scales = device.download(scale);
  for (int r = 0; r < rows; r++) {
    float most = 0;
    for (int c = 0; c < width; c++) most = std::max(most, std::fabs(bf16_value(at(r, c))));
    if (r == 5 || r == 6) {
      expect(std::isnan(scales[(size_t)r]), "scale of a row that is not finite");
      continue;
    }
    expect(scales[(size_t)r] == most / 448, "scale of row " + std::to_string(r));
    for (int c = 0; c < out_stride; c++) {
      const float wanted = c >= width || most == 0 ? 0 : bf16_value(at(r, c)) * (448 / most);
      expect_equal(codes[(size_t)(r * out_stride + c)], e4m3_nearest(wanted),
                   "row " + std::to_string(r) + " column " + std::to_string(c));
    }
  }
}
