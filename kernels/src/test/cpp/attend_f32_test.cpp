// Attention in f32: against double precision, and bit for bit however a prompt is cut and wherever its keys lie.
#include <math.h>

#include <algorithm>
#include <string>

#include "attention_problem.h"
#include "harness.h"
#include "step_block.h"

using namespace millrace_test;

namespace {

// Rows of one sequence that go through the kernel together.
struct Piece {
  int sequence, from, rows;
};

using Outputs = std::vector<std::vector<float>>;  // of sequence s: [rows][Q][D]

std::vector<float> floats(const std::vector<uint16_t>& values) {
  std::vector<float> all;
  for (uint16_t value : values) all.push_back(bf16_value(value));
  return all;
}

Outputs attend(Device& device, const AttentionProblem& problem, const PagedCache& cache,
               const std::vector<std::vector<Piece>>& steps) {
  const AttentionShape& shape = problem.shape;
  const int d = shape.headDimension, width = shape.queryHeads() * d;
  Outputs outputs;
  for (const Sequence& sequence : problem.sequences) outputs.emplace_back((size_t)sequence.rows * width);
  const auto layer = device.upload(floats(cache.elements));
  for (const std::vector<Piece>& pieces : steps) {
    std::vector<StepRun> runs;
    std::vector<float> queries;
    int rows = 0;
    for (const Piece& piece : pieces) {
      runs.push_back({std::vector<int>((size_t)piece.rows), problem.sequences[piece.sequence].first() + piece.from,
                      cache.tables[piece.sequence]});
      const auto all = floats(problem.queries[piece.sequence]);
      const auto from = all.begin() + (std::ptrdiff_t)piece.from * width;
      queries.insert(queries.end(), from, from + (std::ptrdiff_t)piece.rows * width);
      rows += piece.rows;
    }
    const int capacity = rows + 3;
    const auto out = device.array<float>(queries.size());
    device.launch("mr_attend_f32", {(unsigned)capacity, (unsigned)shape.queryHeads()}, {(unsigned)d}, 2560,
                  device.upload(queries), layer, out, device.upload(stepBlock(runs, capacity, cache.blockTokens)), capacity,
                  shape.queryHeads(), shape.kvHeads, cache.blockTokens, shape.visible);
    const std::vector<float> result = device.download(out);
    size_t at = 0;
    for (const Piece& piece : pieces) {
      const size_t count = (size_t)piece.rows * width;
      std::copy_n(&result[at], count, &outputs[piece.sequence][(size_t)piece.from * width]);
      at += count;
    }
  }
  return outputs;
}

std::vector<std::vector<Piece>> together(const AttentionProblem& problem) {
  std::vector<std::vector<Piece>> steps(1);
  for (size_t s = 0; s < problem.sequences.size(); s++) steps[0].push_back({(int)s, 0, problem.sequences[s].rows});
  return steps;
}

// Sequences in pieces of up to `most` rows, each step in another company.
std::vector<std::vector<Piece>> crowd(const AttentionProblem& problem, Random& random, int most) {
  std::vector<std::vector<Piece>> steps;
  std::vector<int> done(problem.sequences.size());
  for (bool left = true; left;) {
    left = false;
    std::vector<Piece> pieces;
    for (size_t i = 0; i < done.size(); i++) {
      const size_t s = (i + steps.size()) % done.size();
      const int rest = problem.sequences[s].rows - done[s];
      left |= rest > 0;
      if (rest == 0 || random.below(3) == 0) continue;
      pieces.push_back({(int)s, done[s], 1 + random.below(std::min(rest, most))});
      done[s] += pieces.back().rows;
    }
    if (!pieces.empty()) steps.push_back(pieces);
  }
  return steps;
}

void checkValues(const AttentionProblem& problem, const Outputs& outputs) {
  const int d = problem.shape.headDimension;
  for (size_t s = 0; s < problem.sequences.size(); s++) {
    const int rows = problem.sequences[s].rows;
    for (int row = 0; row < rows; row = row == rows - 1 ? rows : std::min(row + 7, rows - 1)) {
      for (int head = 0; head < problem.shape.queryHeads(); head++) {
        const std::vector<double> expected = problem.expected((int)s, row, head);
        const float* found = &outputs[s][((size_t)row * problem.shape.queryHeads() + head) * d];
        double largest = 0, apart = 0;
        for (int i = 0; i < d; i++) {
          largest = std::max(largest, fabs(expected[i]));
          const double difference = fabs(expected[i] - found[i]);
          if (!(difference <= apart)) apart = difference;
        }
        expect(apart <= 1e-5 * largest, "sequence " + std::to_string(s) + " row " + std::to_string(row) + " head " +
                                            std::to_string(head) + " is off by " + std::to_string(apart) + ", largest " +
                                            std::to_string(largest));
      }
    }
  }
}

void check(Device& device, const AttentionShape& shape, const std::vector<Sequence>& sequences, float deviation = 1) {
  const uint64_t seed = random_source()();
  const AttentionProblem problem(shape, sequences, seed, deviation);
  const PagedCache cache(problem, shape.blockTokens, seed + 1);
  const Outputs whole = attend(device, problem, cache, together(problem));
  checkValues(problem, whole);
  Random random(seed + 2);
  const PagedCache other(problem, shape.blockTokens == 64 ? 16 : 64, seed + 3);
  const Outputs alone = attend(device, problem, cache, crowd(problem, random, 1));
  const Outputs elsewhere = attend(device, problem, other, crowd(problem, random, 40));
  for (size_t s = 0; s < whole.size(); s++) {
    expect_same(alone[s], whole[s], "row by row: bits of sequence " + std::to_string(s));
    expect_same(elsewhere[s], whole[s], "in a crowd and other blocks: bits of sequence " + std::to_string(s));
  }
}

const std::vector<Sequence> RAGGED = {{1, 1}, {17, 17}, {64, 1}, {65, 3}, {130, 20}, {70, 70}};

}  // namespace

MR_TEST(attend_f32_two_heads_per_group) { check(device, {64, 2, 2, 16, 0}, RAGGED); }
MR_TEST(attend_f32_five_heads_per_group) { check(device, {128, 5, 1, 64, 0}, {{600, 9}, {30, 30}, {1, 1}}); }
MR_TEST(attend_f32_in_chunks) { check(device, {64, 2, 1, 16, 40}, RAGGED); }
MR_TEST(attend_f32_in_odd_chunks) { check(device, {128, 2, 1, 64, 5}, {{130, 20}, {65, 3}}); }
MR_TEST(attend_f32_in_windows) { check(device, {64, 2, 1, 16, -40}, RAGGED); }
MR_TEST(attend_f32_in_odd_windows) { check(device, {128, 2, 1, 64, -5}, {{130, 20}, {65, 3}}); }
MR_TEST(attend_f32_far_out) { check(device, {64, 2, 1, 64, 1024}, {{10000050, 20}, {2080, 36}}); }
MR_TEST(attend_f32_with_scores_beyond_an_exponential) { check(device, {64, 1, 2, 16, 0}, RAGGED, 6); }
