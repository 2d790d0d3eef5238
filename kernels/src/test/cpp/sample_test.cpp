// Choice of a token, against the same rule written plainly in double precision.
#include <math.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "harness.h"
#include "random_values.h"

using namespace millrace_test;

namespace {

struct Request {
  int32_t row, reserved;
  double temperature, topP, uniform;
};
struct Summary {
  float largest;
  int32_t argmax;
  double sum;
};

// What the kernel's fact box says; `margin` is how far the borders it met were from what decided.
int chosen(const float* logits, int vocabulary, const Request& request, double& margin) {
  std::vector<int> ids((size_t)vocabulary);
  std::iota(ids.begin(), ids.end(), 0);
  std::sort(ids.begin(), ids.end(), [&](int a, int b) { return logits[a] > logits[b] || (logits[a] == logits[b] && a < b); });
  std::vector<double> weights;
  double total = 0;
  for (int id : ids) {
    const double exponent = ((double)logits[id] - logits[ids[0]]) / request.temperature;
    weights.push_back(exponent >= -50 ? exp(exponent) : 0);
    total += weights.back();
  }
  const double wanted = request.topP * total;
  double mass = 0;
  size_t kept = 0;
  margin = 1;
  while (kept < weights.size() && weights[kept] > 0 && (kept == 0 || mass < wanted)) {
    mass += weights[kept++];
    margin = std::min(margin, fabs(mass - wanted) / total);
  }
  if (request.topP == 1) margin = 1;
  const double point = request.uniform * mass;
  double passed = 0;
  for (size_t i = 0; i < kept; i++) {
    passed += weights[i];
    margin = std::min(margin, fabs(passed - point) / total);
    if (point < passed) return ids[i];
  }
  return ids[kept - 1];
}

void check(Device& device, const std::vector<float>& logits, int rows, int stride, int vocabulary,
           const std::vector<Request>& requests) {
  std::vector<Summary> summaries;
  for (int row = 0; row < rows; row++) {
    const float* from = &logits[(size_t)(row * stride)];
    const float* top = std::max_element(from, from + vocabulary);
    summaries.push_back({*top, (int32_t)(top - from), 0});
  }
  const auto out = device.array<int32_t>(requests.size());
  device.launch("mr_sample", {(unsigned)requests.size()}, {512}, 16528, device.upload(logits), device.upload(requests),
                device.upload(summaries), out, (int64_t)stride, vocabulary);
  const std::vector<int32_t> found = device.download(out);
  for (size_t i = 0; i < requests.size(); i++) {
    double margin;
    const int expected = chosen(&logits[(size_t)(requests[i].row * stride)], vocabulary, requests[i], margin);
    if (margin < 1e-7) continue;  // too near to a border for weights of 2^-45 to be sure
    expect_equal(found[i], expected, "token of request " + std::to_string(i) + ", temperature " +
                                         std::to_string(requests[i].temperature) + ", topP " +
                                         std::to_string(requests[i].topP));
  }
}

}  // namespace

MR_TEST(sample_as_the_plain_rule_does) {
  Random random(random_source()());
  for (int vocabulary : {1, 7, 101, 5000}) {
    constexpr int ROWS = 2;
    const int stride = vocabulary + 3;
    std::vector<float> logits = random.floats((size_t)(ROWS * stride), 3);
    for (int row = 0; row < ROWS; row++) std::fill_n(&logits[(size_t)(row * stride + vocabulary)], 3, 1e30f);
    std::vector<Request> requests;
    for (double temperature : {0.05, 0.7, 1.0, 3.0}) {
      for (double topP : {1e-9, 0.3, 0.95, 1.0}) {
        requests.push_back({random.below(ROWS), 0, temperature, topP, random.uniform()});
      }
    }
    requests.push_back({0, 0, 1, 1, 0});
    requests.push_back({1, 0, 1, 1, 1 - 0x1p-53});
    check(device, logits, ROWS, stride, vocabulary, requests);
  }
}

MR_TEST(sample_among_equal_logits) {
  Random random(random_source()());
  constexpr int VOCABULARY = 1500;
  std::vector<float> logits;
  for (int i = 0; i < VOCABULARY; i++) logits.push_back((float)random.below(3) - 1);
  logits[700] = -0.0f;
  std::vector<Request> requests;
  for (int i = 0; i < 12; i++) requests.push_back({0, 0, 1, i % 2 ? 0.5 : 1.0, random.uniform()});
  check(device, logits, 1, VOCABULARY, VOCABULARY, requests);
}

MR_TEST(sample_of_a_row_without_numbers_is_its_argmax) {
  const std::vector<float> logits(100, -std::numeric_limits<float>::infinity());
  const std::vector<Request> requests = {{0, 0, 1, 0.9, 0.5}};
  const std::vector<Summary> summaries = {{logits[0], 0, 0}};
  const auto out = device.array<int32_t>(1);
  device.launch("mr_sample", {1}, {512}, 16528, device.upload(logits), device.upload(requests),
                device.upload(summaries), out, (int64_t)100, 100);
  expect_equal(device.download(out)[0], 0, "the token");
}
