// Attention of long and short runs: against double precision, and bit for bit between all ways to compute a row.
#include <math.h>
#include <stdio.h>

#include <algorithm>
#include <string>

#include "attention_problem.h"
#include "harness.h"
#include "step_block.h"

using namespace millrace_test;

namespace {

// Rows of one sequence that go through the kernels together.
struct Piece {
  int sequence, from, rows;
  bool isShort;
};

using Outputs = std::vector<std::vector<uint16_t>>;  // of sequence s: [rows][Q][D]

struct Launch {
  unsigned splits = 3, shortTiles = 0, spareTiles = 2;  // shortTiles 0: as many as the longest short run needs
};

unsigned longShared(int d) { return d == 64 ? 54272 : 103424; }
unsigned splitShared(int d) { return d == 64 ? 42752 : 77568; }

Outputs attend(Device& device, const AttentionProblem& problem, const PagedCache& cache,
               const std::vector<std::vector<Piece>>& steps, Launch launchOf = {}) {
  const AttentionShape& shape = problem.shape;
  const int d = shape.headDimension, width = shape.queryHeads() * d;
  const std::string suffix = "_" + std::to_string(d);
  const unsigned heads = (unsigned)shape.kvHeads;
  Outputs outputs;
  for (const Sequence& sequence : problem.sequences) outputs.emplace_back((size_t)sequence.rows * width);
  const auto layer = device.upload(cache.elements);
  for (const std::vector<Piece>& pieces : steps) {
    std::vector<StepRun> runs;
    std::vector<uint16_t> queries;
    int rows = 0, longTiles = 0, longestShort = 0;
    unsigned shortRuns = 0;
    for (const Piece& piece : pieces) {
      StepRun run;
      run.tokens.assign((size_t)piece.rows, 0);
      run.position = problem.sequences[piece.sequence].first() + piece.from;
      run.table = cache.tables[piece.sequence];
      run.isShort = piece.isShort;
      runs.push_back(run);
      const uint16_t* from = &problem.queries[piece.sequence][(size_t)piece.from * width];
      queries.insert(queries.end(), from, from + (size_t)piece.rows * width);
      rows += piece.rows;
      if (piece.isShort) {
        shortRuns++;
        longestShort = std::max(longestShort, piece.rows);
      } else {
        longTiles += (piece.rows * shape.group + 63) / 64;
      }
    }
    const int capacity = rows + 3, partials = partialsOf(runs);
    const auto step = device.upload(stepBlock(runs, capacity, cache.blockTokens));
    const auto q = device.upload(queries);
    const auto out = device.array<uint16_t>(queries.size());
    device.launch("mr_attend" + suffix, {longTiles + launchOf.spareTiles, heads}, {128}, longShared(d), q, layer, out,
                  step, capacity, shape.queryHeads(), shape.kvHeads, cache.blockTokens, shape.visible);
    if (shortRuns > 0) {
      const auto values = device.array<float>((size_t)partials * shape.queryHeads() * d);
      const auto statistics = device.array<float>((size_t)partials * shape.queryHeads() * 2);
      const unsigned tiles =
          launchOf.shortTiles ? launchOf.shortTiles : (unsigned)(longestShort * shape.group + 15) / 16;
      device.launch("mr_attend_split" + suffix, {shortRuns + 1, heads * tiles, launchOf.splits}, {128}, splitShared(d),
                    q, layer, out, values, statistics, step, capacity, partials, shape.queryHeads(), shape.kvHeads,
                    cache.blockTokens, shape.visible);
      device.launch("mr_attend_merge" + suffix, {shortRuns + 1, heads * tiles}, {128}, 0, values, statistics, out,
                    step, capacity, partials, shape.queryHeads(), shape.kvHeads, shape.visible);
    }
    const std::vector<uint16_t> result = device.download(out);
    size_t at = 0;
    for (const Piece& piece : pieces) {
      const size_t count = (size_t)piece.rows * width;
      std::copy_n(&result[at], count, &outputs[piece.sequence][(size_t)piece.from * width]);
      at += count;
    }
  }
  return outputs;
}

// All rows of all sequences in one step.
std::vector<std::vector<Piece>> together(const AttentionProblem& problem, bool isShort) {
  std::vector<std::vector<Piece>> steps(1);
  for (size_t s = 0; s < problem.sequences.size(); s++) {
    steps[0].push_back({(int)s, 0, problem.sequences[s].rows, isShort});
  }
  return steps;
}

// Sequences cut into pieces of up to `most` rows, at random among the others, to either kernel.
std::vector<std::vector<Piece>> crowd(const AttentionProblem& problem, Random& random, int most) {
  std::vector<std::vector<Piece>> steps;
  std::vector<int> done(problem.sequences.size());
  for (bool left = true; left;) {
    left = false;
    std::vector<Piece> pieces;
    for (size_t i = 0; i < done.size(); i++) {
      const size_t s = (i + steps.size()) % done.size();
      const int rest = problem.sequences[s].rows - done[s];
      if (rest == 0) continue;
      left = true;
      if (random.below(3) == 0) continue;
      const int rows = 1 + random.below(std::min(rest, most));
      pieces.push_back({(int)s, done[s], rows, random.below(2) == 0});
      done[s] += rows;
    }
    if (!pieces.empty()) steps.push_back(pieces);
  }
  return steps;
}

void checkValues(const std::string& what, const AttentionProblem& problem, const Outputs& outputs) {
  const int d = problem.shape.headDimension;
  for (size_t s = 0; s < problem.sequences.size(); s++) {
    const int rows = problem.sequences[s].rows;
    for (int row = 0; row < rows; row = row == rows - 1 ? rows : std::min(row + 7, rows - 1)) {
      for (int head = 0; head < problem.shape.queryHeads(); head++) {
        const std::vector<double> expected = problem.expected((int)s, row, head);
        const uint16_t* found = &outputs[s][((size_t)row * problem.shape.queryHeads() + head) * d];
        double largest = 0, apart = 0;
        for (int i = 0; i < d; i++) {
          largest = std::max(largest, fabs(expected[i]));
          const double difference = fabs(expected[i] - bf16_value(found[i]));
          if (!(difference <= apart)) apart = difference;
        }
        // weights and result are rounded to bf16 once each: 2^-8 of the largest value, if all goes one way
        expect(apart <= 8e-3 * largest, what + ": sequence " + std::to_string(s) + " row " + std::to_string(row) +
                                            " head " + std::to_string(head) + " is off by " + std::to_string(apart) +
                                            ", largest " + std::to_string(largest));
      }
    }
  }
}

void checkBits(const std::string& what, const Outputs& found, const Outputs& expected) {
  for (size_t s = 0; s < expected.size(); s++) {
    expect_same(found[s], expected[s], what + ": bits of sequence " + std::to_string(s));
  }
}

// One block walks each row's keys; everything else has to give its bits.
void checkWays(Device& device, const AttentionProblem& problem, const PagedCache& cache, const Outputs& asLong,
               uint64_t seed) {
  Random random(seed);
  checkBits("as short runs", attend(device, problem, cache, together(problem, true)), asLong);
  checkBits("one block for all splits and tiles", attend(device, problem, cache, together(problem, true), {1, 1, 1}),
            asLong);
  checkBits("row by row", attend(device, problem, cache, crowd(problem, random, 1)), asLong);
  checkBits("in a crowd", attend(device, problem, cache, crowd(problem, random, 40)), asLong);
  const PagedCache other(problem, problem.shape.blockTokens == 64 ? 16 : 64, seed + 1);
  checkBits("in other blocks", attend(device, problem, other, crowd(problem, random, 100)), asLong);
}

void check(Device& device, const AttentionShape& shape, const std::vector<Sequence>& sequences, float deviation = 1) {
  const uint64_t seed = random_source()();
  const AttentionProblem problem(shape, sequences, seed, deviation);
  const PagedCache cache(problem, shape.blockTokens, seed + 1);
  const Outputs asLong = attend(device, problem, cache, together(problem, false));
  checkValues("in one step", problem, asLong);
  checkWays(device, problem, cache, asLong, seed + 2);
}

void checkCancelling(Device& device, const AttentionShape& shape, const std::vector<Sequence>& sequences) {
  const uint64_t seed = random_source()();
  AttentionProblem problem(shape, sequences, seed);
  problem.cancel(seed + 1);
  const PagedCache cache(problem, shape.blockTokens, seed + 2);
  const Outputs asLong = attend(device, problem, cache, together(problem, false));
  double largest = 0;
  for (const auto& output : asLong) {
    for (uint16_t bits : output) largest = std::max(largest, (double)fabsf(bf16_value(bits)));
  }
  expect(largest < 1e-2, "values cancel, but " + std::to_string(largest) + " is left");
  checkWays(device, problem, cache, asLong, seed + 3);
}

const std::vector<Sequence> RAGGED = {{1, 1}, {17, 17}, {64, 1}, {65, 3}, {130, 20}, {70, 70}};

}  // namespace

MR_TEST(attend_one_head_per_group) { check(device, {64, 1, 1, 64, 0}, RAGGED); }
MR_TEST(attend_two_heads_per_group) { check(device, {64, 2, 2, 16, 0}, RAGGED); }
MR_TEST(attend_five_heads_per_group) { check(device, {128, 5, 1, 64, 0}, {{600, 9}, {30, 30}, {1, 1}}); }
MR_TEST(attend_eight_heads_per_group) { check(device, {128, 8, 1, 8, 0}, {{513, 5}, {90, 11}}); }
MR_TEST(attend_more_heads_per_group_than_rows_of_a_tile) { check(device, {64, 20, 1, 16, 0}, {{80, 3}, {12, 12}}); }
MR_TEST(attend_in_chunks) { check(device, {64, 2, 1, 16, 40}, RAGGED); }
MR_TEST(attend_in_odd_chunks) { check(device, {64, 5, 1, 64, 5}, RAGGED); }
MR_TEST(attend_in_windows) { check(device, {64, 2, 1, 16, -40}, RAGGED); }
MR_TEST(attend_in_odd_windows) { check(device, {128, 5, 1, 64, -5}, RAGGED); }
MR_TEST(attend_in_windows_over_splits) { check(device, {64, 2, 1, 16, -700}, {{1600, 3}, {1030, 40}, {513, 9}}); }
MR_TEST(attend_over_several_splits) { check(device, {64, 2, 1, 16, 0}, {{1600, 3}, {1100, 40}}); }
MR_TEST(attend_far_out) { check(device, {64, 2, 1, 64, 1024}, {{10000050, 20}, {9999872, 1}, {2080, 36}}); }
MR_TEST(attend_with_scores_beyond_an_exponential) { check(device, {64, 1, 2, 16, 0}, RAGGED, 6); }

MR_TEST(attend_in_one_order_of_additions) {
  checkCancelling(device, {64, 2, 1, 16, 0}, {{1700, 3}, {520, 9}, {90, 5}});
  checkCancelling(device, {128, 3, 1, 64, 1536}, {{1531, 2}, {3 * 1536 + 1100, 2}});
}

MR_TEST(attend_refuses_too_little_memory_for_partial_results) {
  const AttentionProblem problem({64, 1, 1, 16, 0}, {{600, 2}}, 1);
  const PagedCache cache(problem, 16, 2);
  std::vector<StepRun> runs(1);
  runs[0] = {{0, 0}, 598, cache.tables[0], true};
  const auto partials = device.array<float>(4 * 64);
  const std::string error = device.launch_fails(
      "mr_attend_split_64", {1, 1, 2}, {128}, splitShared(64), device.upload(problem.queries[0]),
      device.upload(cache.elements), device.array<uint16_t>(2 * 64), partials, partials,
      device.upload(stepBlock(runs, 2, 16)), 2, partialsOf(runs) - 1, 1, 1, 16, 0);
  if (device.emulated()) expect_contains(error, "partialCapacity");
}
