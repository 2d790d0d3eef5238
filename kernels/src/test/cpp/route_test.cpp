// Routing: mr_router_logits, mr_route_experts, mr_combine_experts.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness.h"

namespace {

enum Rule { SIGMOID, SOFTMAX_OF_ALL, SOFTMAX_OF_CHOSEN };

struct Route {
  std::vector<int32_t> offsets, source, target;
  std::vector<float> score;
};

// What mr_route_experts has to give, by a stable sort.
Route expected_route(const std::vector<float>& logits, int rows, int experts, int top, bool shared,
                     Rule rule) {
  std::vector<int> expert_of;
  for (int t = 0; t < rows; t++) {
    const float* row = &logits[(size_t)(t * experts)];
    const auto rank = [&](int e) { return std::isnan(row[e]) ? -INFINITY : row[e]; };
    std::vector<int> order((size_t)experts);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return rank(a) > rank(b); });
    expert_of.insert(expert_of.end(), order.begin(), order.begin() + top);
  }
  Route route;
  for (int e = 0; e < experts; e++) {
    route.offsets.push_back((int)route.source.size());
    for (int slot = 0; slot < rows * top; slot++) {
      if (expert_of[(size_t)slot] != e) continue;
      const float* row = &logits[(size_t)(slot / top * experts)];
      route.source.push_back(slot / top);
      route.target.push_back(slot);
      if (rule == SIGMOID) {
        route.score.push_back((float)(std::isnan(row[e]) ? 0 : 1 / (1 + std::exp(-(double)row[e]))));
        continue;
      }
      double sum = 0;
      if (rule == SOFTMAX_OF_ALL) {
        for (int other = 0; other < experts; other++) sum += std::exp((double)row[other] - row[e]);
      } else {
        for (int j = 0; j < top; j++) sum += std::exp((double)row[expert_of[(size_t)(slot / top * top + j)]] - row[e]);
      }
      route.score.push_back((float)(1 / sum));
    }
  }
  route.offsets.push_back(rows * top);
  for (int t = 0; shared && t < rows; t++) {
    route.source.push_back(t);
    route.target.push_back(rows * top + t);
    route.score.push_back(1);
  }
  route.offsets.push_back((int)route.source.size());
  return route;
}

void check_route(Device& device, const std::vector<float>& logits, int rows, int experts, int top, bool shared,
                 unsigned threads, Rule rule = SIGMOID) {
  const std::string what = "T=" + std::to_string(rows) + " E=" + std::to_string(experts) + " top " + std::to_string(top) +
                           " threads " + std::to_string(threads) + " rule " + std::to_string(rule);
  const size_t shared_bytes = 4 * (threads / 32 * (size_t)experts + (size_t)experts + 1);
  const Route expected = expected_route(logits, rows, experts, top, shared, rule);
  const size_t sorted = expected.source.size(), slots = (size_t)(rows * top);
  const auto offsets = device.array<int32_t>((size_t)experts + 2);
  // one more than needed, to see that nothing is written behind the end
  const auto source = device.upload(std::vector<int32_t>(sorted + 1, -7));
  const auto target = device.upload(std::vector<int32_t>(sorted + 1, -7));
  const auto score = device.upload(std::vector<float>(sorted + 1, -7));
  const auto choice = device.array<int32_t>(slots + 1);
  const auto slot_score = device.array<float>(slots + 1);
  device.launch("mr_route_experts", {1}, {threads}, shared_bytes, offsets, source, target, score, choice,
                slot_score, device.upload(logits), device.upload(std::vector<int32_t>{rows}), experts, top, (int)shared, (int)rule);
  Route found{device.download(offsets), device.download(source), device.download(target), device.download(score)};
  expect_equal(found.source[sorted], -7, what + ": behind source");
  expect_equal(found.target[sorted], -7, what + ": behind target");
  expect(found.score[sorted] == -7, what + ": behind score");
  found.source.pop_back();
  found.target.pop_back();
  expect_same(found.offsets, expected.offsets, what + ": offsets");
  expect_same(found.source, expected.source, what + ": source");
  expect_same(found.target, expected.target, what + ": target");
  for (size_t i = 0; i < sorted; i++) {
    expect(std::fabs(found.score[i] - expected.score[i]) <= 1e-6, what + ": score " + std::to_string(i) + " is " +
                                                                     std::to_string(found.score[i]));
  }
}

template <class X>
std::vector<float> router_logits(Device& device, const std::vector<float>& weight, const std::vector<X>& x, int rows,
                                 int experts, int k, int stride) {
  const std::string kernel = sizeof(X) == 2 ? "mr_router_logits" : "mr_router_logits_f32";
  const auto logits = device.upload(std::vector<float>((size_t)(rows * experts), NAN));
  // the grid is sized for more rows than there are
  device.launch(kernel, {(unsigned)(experts + 3) / 4, (unsigned)rows / 8 + 2}, {128}, 0, logits,
                device.upload(x), device.upload(weight), device.upload(std::vector<int32_t>{rows}), experts, k, stride);
  return device.download(logits);
}

}  // namespace

MR_TEST(router_logits_of_rows) {
  for (int experts : {1, 3, 16, 128}) {
    const int k = experts == 3 ? 8 : 264, stride = k + 8;
    const auto weight = random_floats((size_t)(experts * k), -1, 1);
    for (int rows : {1, 2, 7, 8, 9, 16, 33}) {
      const auto x = random_bf16((size_t)(rows * stride), -2, 2);
      const auto found = router_logits(device, weight, x, rows, experts, k, stride);
      std::vector<double> expected;
      for (int t = 0; t < rows; t++) {
        for (int e = 0; e < experts; e++) {
          double sum = 0;
          for (int i = 0; i < k; i++) sum += (double)weight[(size_t)(e * k + i)] * bf16_value(x[(size_t)(t * stride + i)]);
          expected.push_back(sum);
        }
      }
      expect_close(found, expected, 1e-6, 2e-5, "logits");
      // a row alone has the same bits
      const int row = (int)(random_source()() % (unsigned)rows);
      const auto at = x.begin() + row * stride;
      const auto alone = router_logits(device, weight, std::vector<uint16_t>(at, at + stride), 1, experts, k, stride);
      expect_same(alone, {found.begin() + row * experts, found.begin() + (row + 1) * experts}, "row alone");
      std::vector<float> whole;
      for (uint16_t bits : x) whole.push_back(bf16_value(bits));
      expect_same(router_logits(device, weight, whole, rows, experts, k, stride), found, "rows in f32");
    }
  }
}

MR_TEST(router_logits_of_rows_in_f32) {
  const int rows = 11, experts = 5, k = 520;
  const auto weight = random_floats(experts * k, -1, 1), x = random_floats(rows * k, -2, 2);
  std::vector<double> expected;
  for (int t = 0; t < rows; t++) {
    for (int e = 0; e < experts; e++) {
      double sum = 0;
      for (int i = 0; i < k; i++) sum += (double)weight[(size_t)(e * k + i)] * x[(size_t)(t * k + i)];
      expected.push_back(sum);
    }
  }
  expect_close(router_logits(device, weight, x, rows, experts, k, k), expected, 1e-6, 1e-5, "logits");
}

MR_TEST(route_sorts_rows_by_expert) {
  for (int experts : {1, 3, 16, 33, 128}) {
    for (int rows : {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 65, 130}) {
      const int top = std::min(experts, 1 + rows % 4);
      check_route(device, random_floats((size_t)(rows * experts), -3, 3), rows, experts, top, rows % 2, 32u * (1 + (unsigned)rows % 5));
    }
  }
}

MR_TEST(route_does_not_depend_on_the_number_of_threads) {
  const int rows = 300, experts = 5;
  const auto logits = random_floats(rows * experts, -3, 3);
  for (unsigned threads : {32u, 96u, 256u, 1024u}) check_route(device, logits, rows, experts, 2, true, threads);
}

MR_TEST(route_of_ties_takes_the_smaller_index) {
  const int rows = 20, experts = 70;
  std::vector<float> logits = random_floats(rows * experts, -3, 3);
  for (float& logit : logits) logit = std::floor(logit);
  for (int e = 0; e < experts; e++) logits[(size_t)e] = 0.25f;                  // all equal
  for (int e = 0; e < experts; e++) logits[(size_t)(experts + e)] = -INFINITY;  // and equally bad
  for (int top : {1, 2, 3, 4}) check_route(device, logits, rows, experts, top, true, 64);
}

MR_TEST(route_of_extreme_logits) {
  const int experts = 4;
  const std::vector<float> logits = {NAN, -1e30f, 2,         1e30f,  NAN,   NAN, NAN, NAN,
                                     100, 100,    -INFINITY, -100.f, 1e-40f, 0,  -0.0f, INFINITY};
  for (int top : {1, 2, 4}) check_route(device, logits, 4, experts, top, true, 32);
}

MR_TEST(route_sends_all_rows_to_one_expert) {
  const int rows = 130, experts = 16;
  std::vector<float> logits(rows * experts, -1);
  for (int t = 0; t < rows; t++) logits[(size_t)(t * experts + 15)] = 1;
  check_route(device, logits, rows, experts, 1, true, 128);
}

MR_TEST(route_to_many_experts) {
  for (int experts : {129, 160, 256, 512}) {
    for (int rows : {1, 7, 40}) {
      const auto logits = random_floats((size_t)(rows * experts), -3, 3);
      check_route(device, logits, rows, experts, 8, false, 96, SOFTMAX_OF_CHOSEN);
      check_route(device, logits, rows, experts, 16, true, 1024, SIGMOID);
    }
  }
}

MR_TEST(route_weighs_by_softmax) {
  for (Rule rule : {SOFTMAX_OF_ALL, SOFTMAX_OF_CHOSEN}) {
    for (int experts : {1, 6, 33, 128, 256}) {
      for (int rows : {1, 9, 33}) {
        const int top = std::min(experts, 8);
        check_route(device, random_floats((size_t)(rows * experts), -9, 9), rows, experts, top, rows % 2, 64, rule);
      }
    }
    // far apart: exponentials that vanish; close to the end of the range: ones that would overflow
    check_route(device, {80, -80, 0, 88.5f, 88.25f, 88}, 2, 3, 2, false, 32, rule);
  }
}

MR_TEST(route_of_no_rows) { check_route(device, {0}, 0, 8, 2, true, 64); }

MR_TEST(route_of_the_largest_step) {
  const int rows = 16384, experts = 16;
  check_route(device, random_floats((size_t)rows * experts, -3, 3), rows, experts, 1, true, 1024);
}

MR_TEST(combine_adds_slots_in_order) {
  for (int top : {0, 1, 2, 4, 8}) {
    for (int kind = 0; kind < 4; kind++) {
      const bool shared = kind % 2, weighted = kind / 2;
      const int rows = 37, width = 44, hidden_stride = 48, slot_stride = 52;
      const auto slot = random_floats((size_t)(rows * (top + 1) * slot_stride), -5, 5);
      const auto before = random_floats((size_t)(rows * hidden_stride), -5, 5);
      const auto weight = random_floats((size_t)(rows * top + 1), 0, 1);
      std::vector<float> expected = before;
      for (int t = 0; t < rows; t++) {
        for (int c = 0; c < width; c++) {
          float& sum = expected[(size_t)(t * hidden_stride + c)];
          for (int j = 0; j < top; j++) {
            const float term = slot[(size_t)((t * top + j) * slot_stride + c)];
            sum = weighted ? std::fma(weight[(size_t)(t * top + j)], term, sum) : sum + term;
          }
          if (shared) sum += slot[(size_t)((rows * top + t) * slot_stride + c)];
        }
      }
      const auto hidden = device.upload(before);
      const auto weights = weighted ? device.upload(weight) : Array<float>{};
      device.launch("mr_combine_experts", {3}, {256}, 0, hidden, device.upload(slot), weights,
                    device.upload(std::vector<int32_t>{rows}), top, (int)shared, width, hidden_stride, slot_stride);
      expect_same(device.download(hidden), expected, "top " + std::to_string(top) + " kind " + std::to_string(kind));
    }
  }
}
