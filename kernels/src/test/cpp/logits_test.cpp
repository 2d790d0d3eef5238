// Questions about rows of logits.
#include <math.h>

#include <algorithm>
#include <limits>

#include "harness.h"
#include "random_values.h"

using namespace millrace_test;

namespace {

constexpr float NOTHING = -std::numeric_limits<float>::infinity();

// As the kernels write it.
struct Summary {
  float largest;
  int32_t argmax;
  double sum;
};

std::vector<Summary> summaries(Device& device, const std::vector<float>& logits, int rows, int64_t stride,
                               int vocabulary) {
  const unsigned parts = (unsigned)(vocabulary + 8191) / 8192;
  const auto selection = device.upload(std::vector<int32_t>{rows, 0, 0, 0});
  const auto byPart = device.array<Summary>((size_t)parts * (size_t)rows);
  const auto byRow = device.array<Summary>((size_t)rows);
  device.launch("mr_logits_parts", {parts, (unsigned)rows + 1}, {256}, 128, device.upload(logits), byPart, selection,
                stride, vocabulary);
  device.launch("mr_logits_fold", {(unsigned)rows + 1}, {32}, 0, byPart, byRow, selection, (int)parts);
  return device.download(byRow);
}

double logSum(const float* row, int vocabulary) {
  double top = row[0], sum = 0;
  for (int i = 0; i < vocabulary; i++) top = std::max(top, (double)row[i]);
  for (int i = 0; i < vocabulary; i++) sum += exp(row[i] - top);
  return top + log(sum);
}

}  // namespace

MR_TEST(logits_largest_and_sum) {
  Random random(random_source()());
  for (int vocabulary : {1, 101, 8192, 8193, 20000}) {
    constexpr int ROWS = 3;
    const int64_t stride = vocabulary + 5;
    std::vector<float> logits = random.floats(ROWS * (size_t)stride, 4);
    for (int row = 0; row < ROWS; row++) std::fill_n(&logits[(size_t)(row * stride + vocabulary)], 5, 1e30f);
    // equal largest logits: the smallest id wins
    logits[(size_t)(stride + vocabulary - 1)] = logits[(size_t)(stride + vocabulary / 2)] = 40;
    const std::vector<Summary> found = summaries(device, logits, ROWS, stride, vocabulary);
    for (int row = 0; row < ROWS; row++) {
      const float* from = &logits[(size_t)(row * stride)];
      const std::string what = "row " + std::to_string(row) + " of vocabulary " + std::to_string(vocabulary);
      expect_equal(found[(size_t)row].argmax, std::max_element(from, from + vocabulary) - from, what + ": argmax");
      const double sum = found[(size_t)row].largest + log(found[(size_t)row].sum);
      expect(fabs(sum - logSum(from, vocabulary)) <= 1e-6, what + ": log of the sum is " + std::to_string(sum));
    }
  }
}

MR_TEST(logits_without_numbers) {
  constexpr int VOCABULARY = 9000;
  std::vector<float> logits(4 * VOCABULARY, NOTHING);
  logits[8999] = -1000;                                              // row 0: one possible token
  std::fill_n(&logits[2 * VOCABULARY], VOCABULARY, NAN);             // row 1: nothing; row 2: no number
  std::fill_n(&logits[3 * VOCABULARY], VOCABULARY, 2.0f);            // row 3: one of them no number
  logits[3 * VOCABULARY + 8500] = NAN;
  const std::vector<Summary> found = summaries(device, logits, 4, VOCABULARY, VOCABULARY);
  expect_equal(found[0].argmax, 8999, "the only possible token");
  expect(found[0].largest == -1000 && found[0].sum == 1, "its probability is one");
  expect_equal(found[1].argmax, 0, "argmax of a row of nothing");
  expect_equal(found[2].argmax, 0, "argmax of a row without numbers");
  expect(std::isnan(found[2].sum), "sum of a row without numbers");
  expect_equal(found[3].argmax, 0, "argmax beside a NaN");
  expect(std::isnan(found[3].sum), "sum beside a NaN");
}

MR_TEST(logits_of_given_tokens) {
  Random random(random_source()());
  const std::vector<float> logits = random.floats(3 * 500, 1);
  std::vector<int32_t> questions;
  std::vector<float> expected;
  for (int i = 0; i < 300; i++) {
    questions.push_back(random.below(3));
    questions.push_back(random.below(490));
    expected.push_back(logits[(size_t)(questions[(size_t)(2 * i)] * 500 + questions[(size_t)(2 * i + 1)])]);
  }
  const auto out = device.array<float>(300);
  device.launch("mr_logits_gather", {2}, {256}, 0, device.upload(logits), out, device.upload(questions), 300,
                (int64_t)500);
  expect_same(device.download(out), expected, "gathered logits");
}
