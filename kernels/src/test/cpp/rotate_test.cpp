// Rotation, head norm, temperature and the way of keys and values into the cache, against double precision.
#include <math.h>

#include <algorithm>

#include "harness.h"
#include "random_values.h"
#include "step_block.h"

using namespace millrace_test;

namespace {

struct RotateCase {
  int queryHeads, kvHeads, headDimension, blockTokens;
  bool rotates, halves;
  double epsilon, floorScale, scale;
  bool learnt = false;
};

// As the host has to make them: turns per position in units of 2^-64.
uint64_t phase(double frequency) {
  const double turns = frequency / 6.283185307179586;
  return (uint64_t)(int64_t)rint((turns - floor(turns)) * 0x1p62) << 2;
}

std::vector<double> rotated(const RotateCase& c, const float* in, int position, bool query, const std::vector<double>& frequencies,
                            const std::vector<float>& weight) {
  const int d = c.headDimension;
  std::vector<double> out(in, in + d);
  const auto norm = [&] {
    double squares = 0;
    for (double value : out) squares += value * value;
    for (double& value : out) value /= sqrt(squares / d + c.epsilon);
  };
  if (c.learnt) {
    norm();
    for (int i = 0; i < d; i++) out[i] *= weight[i];
  }
  const std::vector<double> in_order = out;
  for (int j = 0; j < (c.rotates ? d / 2 : 0); j++) {
    const int a = c.halves ? j : 2 * j, b = c.halves ? j + d / 2 : 2 * j + 1;
    const double angle = position * frequencies[j];
    out[a] = in_order[a] * cos(angle) - in_order[b] * sin(angle);
    out[b] = in_order[b] * cos(angle) + in_order[a] * sin(angle);
  }
  if (c.epsilon > 0 && !c.learnt) norm();
  if (query && c.floorScale > 0) {
    const double factor = log(1 + floor((position + 1) / c.floorScale)) * c.scale + 1;
    for (double& value : out) value *= factor;
  }
  return out;
}

// Within half a step of bf16, and a little for f32 arithmetic.
void expectNear(const std::vector<double>& expected, const uint16_t* found, const std::string& what) {
  double largest = 0;
  for (double value : expected) largest = std::max(largest, fabs(value));
  for (size_t i = 0; i < expected.size(); i++) {
    int exponent;
    frexp(expected[i], &exponent);
    const double allowed = ldexp(1, exponent - 9) + largest * 1e-6;
    expect(fabs(bf16_value(found[i]) - expected[i]) <= allowed,
           what + ": element " + std::to_string(i) + " is " + std::to_string(bf16_value(found[i])) + ", expected " +
               std::to_string(expected[i]));
  }
}

// Within the rounding of f32 arithmetic.
void expectNear(const std::vector<double>& expected, const float* found, const std::string& what) {
  double largest = 0;
  for (double value : expected) largest = std::max(largest, fabs(value));
  for (size_t i = 0; i < expected.size(); i++) {
    expect(fabs(found[i] - expected[i]) <= largest * 1e-6, what + " in f32: element " + std::to_string(i));
  }
}

// `T` is what the kernel writes: bf16, or f32.
template <class T>
void checkAs(Device& device, const RotateCase& c, const std::vector<StepRun>& runs, const std::string& kernel) {
  constexpr T UNTOUCHED = 0x7fff;
  Random random(random_source()());
  const int d = c.headDimension, heads = c.queryHeads + 2 * c.kvHeads;
  std::vector<double> frequencies;
  std::vector<uint64_t> phases;
  for (int j = 0; j < d / 2; j++) {
    frequencies.push_back(pow(500000, -2.0 * j / d));
    phases.push_back(phase(frequencies.back()));
  }
  int rows = 0, blocks = 0;
  for (const StepRun& run : runs) {
    rows += (int)run.tokens.size();
    for (int block : run.table) blocks = std::max(blocks, block + 1);
  }
  const std::vector<float> qkv = random.floats((size_t)rows * heads * d, 1);
  const std::vector<T> untouched((size_t)blocks * 2 * c.kvHeads * c.blockTokens * d, UNTOUCHED);
  const auto queries = device.array<T>((size_t)rows * c.queryHeads * d);
  const auto layer = device.upload(untouched);
  const auto turns = c.rotates ? device.upload(phases) : Array<uint64_t>{};
  const std::vector<float> queryNorm = random_floats((size_t)d, 0.5f, 1.5f), keyNorm = random_floats((size_t)d, 0.5f, 1.5f);
  const auto queryNorms = c.learnt ? device.upload(queryNorm) : Array<float>{};
  const auto keyNorms = c.learnt ? device.upload(keyNorm) : Array<float>{};
  device.launch(kernel, {rows + 2u, (heads + 7u) / 8}, {256}, 0, device.upload(qkv), queries, layer, turns, queryNorms,
                keyNorms, device.upload(stepBlock(runs, rows, c.blockTokens)), c.queryHeads, c.kvHeads, d, c.blockTokens,
                (int)c.halves, (float)c.epsilon, (float)c.floorScale, (float)c.scale);
  const std::vector<T> q = device.download(queries);
  std::vector<T> cache = device.download(layer);
  int row = 0;
  for (const StepRun& run : runs) {
    for (size_t i = 0; i < run.tokens.size(); i++, row++) {
      const int position = run.position + (int)i;
      for (int h = 0; h < heads; h++) {
        const std::string what = "position " + std::to_string(position) + " head " + std::to_string(h);
        const float* from = &qkv[((size_t)row * heads + h) * d];
        if (h < c.queryHeads) {
          expectNear(rotated(c, from, position, true, frequencies, queryNorm), &q[((size_t)row * c.queryHeads + h) * d], what);
          continue;
        }
        const int kind = h >= c.queryHeads + c.kvHeads ? 1 : 0, kvHead = h - c.queryHeads - kind * c.kvHeads;
        const size_t block = (size_t)run.table[position / c.blockTokens];
        const size_t at = (((block * 2 + kind) * c.kvHeads + kvHead) * c.blockTokens + position % c.blockTokens) * d;
        const std::vector<double> value(from, from + d);
        expectNear(kind ? value : rotated(c, from, position, false, frequencies, keyNorm), &cache[at], what);
        std::fill_n(cache.begin() + at, d, UNTOUCHED);
      }
    }
  }
  expect_same(cache, untouched, "the rest of the cache");
}

void check(Device& device, const RotateCase& c, const std::vector<StepRun>& runs) {
  checkAs<uint16_t>(device, c, runs, "mr_rotate_store");
  checkAs<float>(device, c, runs, "mr_rotate_store_f32");
}

// A run of `rows` tokens at `position`, whose blocks are counted down from `block`.
StepRun runAt(int position, int rows, int blockTokens, int block) {
  StepRun run;
  run.tokens.assign((size_t)rows, 0);
  run.position = position;
  run.table.assign((size_t)(position + rows + blockTokens - 1) / blockTokens, 0);
  for (size_t i = (size_t)(position / blockTokens); i < run.table.size(); i++) run.table[i] = block--;
  return run;
}

std::vector<StepRun> ragged(int blockTokens) {
  return {runAt(0, 1, blockTokens, 0), runAt(7, 30, blockTokens, 6), runAt(8191, 2, blockTokens, 9)};
}

std::vector<StepRun> far() { return {runAt(1000003, 3, 64, 1), runAt(9999990, 12, 64, 3), runAt(131070, 4, 64, 5)}; }

}  // namespace

MR_TEST(rotate_interleaved_pairs_and_norm_128) { check(device, {5, 1, 128, 64, true, false, 1e-5, 0, 0}, ragged(64)); }
MR_TEST(rotate_halves_and_norm_128) { check(device, {8, 1, 128, 16, true, true, 1e-5, 0, 0}, ragged(16)); }
MR_TEST(rotate_interleaved_pairs_64) { check(device, {2, 2, 64, 16, true, false, 0, 0, 0}, ragged(16)); }
MR_TEST(rotate_halves_64) { check(device, {1, 1, 64, 64, true, true, 0, 0, 0}, ragged(64)); }
MR_TEST(rotate_learnt_norm_before_halves_64) { check(device, {3, 1, 64, 16, true, true, 1e-6, 0, 0, true}, ragged(16)); }
MR_TEST(rotate_learnt_norm_before_halves_128) { check(device, {4, 2, 128, 64, true, true, 1e-6, 0, 0, true}, ragged(64)); }
MR_TEST(rotate_learnt_norm_before_pairs_128) { check(device, {2, 2, 128, 16, true, false, 1e-6, 0, 0, true}, ragged(16)); }
MR_TEST(rotate_learnt_norm_alone) { check(device, {2, 1, 64, 16, false, true, 1e-6, 8192, 0.1, true}, ragged(16)); }
MR_TEST(rotate_scales_by_temperature) { check(device, {4, 2, 64, 16, false, false, 0, 8192, 0.1}, ragged(16)); }
MR_TEST(rotate_scales_in_small_steps) { check(device, {4, 2, 128, 16, false, false, 0, 8, 0.1}, ragged(16)); }
MR_TEST(rotate_far_interleaved) { check(device, {2, 1, 128, 64, true, false, 1e-5, 0, 0}, far()); }
MR_TEST(rotate_far_halves) { check(device, {2, 1, 64, 64, true, true, 0, 0, 0}, far()); }
MR_TEST(rotate_far_temperature) { check(device, {2, 1, 64, 64, false, false, 0, 1000, 0.1}, far()); }
