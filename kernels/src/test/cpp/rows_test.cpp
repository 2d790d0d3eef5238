// Embedding, conversions, keeping of rows, copies of blocks.
#include <math.h>
#include <string.h>

#include <algorithm>

#include "harness.h"
#include "random_values.h"
#include "step_block.h"

using namespace millrace_test;

MR_TEST(embed_rows) {
  Random random(random_source()());
  constexpr int VOCABULARY = 101, WIDTH = 1092;
  const std::vector<uint16_t> table = random.bf16((size_t)VOCABULARY * WIDTH, 1);
  const std::vector<StepRun> runs = {{{100, 3, 3}, 5, {0, 0}}, {{0}, 0, {0}}};
  const auto hidden = device.upload(std::vector<float>(5 * WIDTH, -1));
  device.launch("mr_embed", {6}, {256}, 0, device.upload(table), hidden, device.upload(stepBlock(runs, 5, 16)), WIDTH);
  const std::vector<float> found = device.download(hidden);
  std::vector<float> expected;
  for (int token : {100, 3, 3, 0}) {
    for (int i = 0; i < WIDTH; i++) expected.push_back(bf16_value(table[(size_t)token * WIDTH + i]));
  }
  expected.resize(5 * WIDTH, -1);
  expect_same(found, expected, "embedded rows");

  std::vector<float> wide = random.floats((size_t)VOCABULARY * WIDTH, 1), whole;
  const auto rows = device.upload(std::vector<float>(5 * WIDTH, -1));
  device.launch("mr_embed_f32", {6}, {256}, 0, device.upload(wide), rows, device.upload(stepBlock(runs, 5, 16)), WIDTH);
  for (int token : {100, 3, 3, 0}) whole.insert(whole.end(), &wide[(size_t)token * WIDTH], &wide[(size_t)token * WIDTH] + WIDTH);
  whole.resize(5 * WIDTH, -1);
  expect_same(device.download(rows), whole, "rows embedded from f32");
}

MR_TEST(terms_of_rows_add_up) {
  Random random(random_source()());
  constexpr int ROWS = 3, WIDTH = 1028, PLANE = ROWS * WIDTH + 8;
  std::vector<float> values(ROWS * WIDTH);
  for (float& value : values) {
    do {
      const uint32_t bits = (uint32_t)random.next();
      memcpy(&value, &bits, sizeof value);
    } while (!(fabsf(value) >= 0x1p-110f && fabsf(value) < 0x1.fep127f));
  }
  values[0] = 0, values[1] = -0.0f, values[2] = INFINITY, values[3] = -INFINITY, values[4] = 0x1p-149f;
  values[5] = 0x1.fffffep-120f, values[6] = 1 + 0x1p-8f, values[7] = -1 - 0x1p-23f, values[8] = 0x1.fffffep127f;
  const auto out = device.upload(std::vector<uint16_t>(3 * PLANE, 0x7fff));
  device.launch("mr_rows_to_terms", {ROWS}, {256}, 0, device.upload(values), out, (int64_t)PLANE, WIDTH);
  const std::vector<uint16_t> found = device.download(out);
  for (int i = 0; i < ROWS * WIDTH; i++) {
    const float value = values[(size_t)i];
    const std::string what = "terms of " + std::to_string(value) + ", element " + std::to_string(i);
    const double first = bf16_value(found[(size_t)i]), second = bf16_value(found[(size_t)(PLANE + i)]);
    const double third = bf16_value(found[(size_t)(2 * PLANE + i)]);
    expect_equal(found[(size_t)i], bf16_nearest(value), what + ": the first");
    if (std::isinf(first)) {
      expect(second == 0 && third == 0, what + ": an infinity has one");
      continue;
    }
    expect(fabs(second) <= fabs(first) * 0x1p-8 && fabs(third) <= fabs(second) * 0x1p-8, what + " fall");
    expect(fabs(first + second + third - value) <= (fabsf(value) < 0x1p-110f ? 0x1p-134 : 0), what + " add up");
  }
  for (int plane = 0; plane < 3; plane++) {
    for (int i = ROWS * WIDTH; i < PLANE; i++) expect_equal(found[(size_t)(plane * PLANE + i)], 0x7fff, "between planes");
  }
}

MR_TEST(convert_rows) {
  Random random(random_source()());
  constexpr int ROWS = 3, WIDTH = 300;
  const std::vector<float> values = random.floats(ROWS * 310, 3);
  const auto narrow = device.upload(std::vector<uint16_t>(ROWS * 305, 0x7fff));
  device.launch("mr_rows_to_bf16", {ROWS}, {256}, 0, device.upload(values), narrow, (int64_t)310, (int64_t)305, WIDTH);
  const std::vector<uint16_t> found = device.download(narrow);
  std::vector<uint16_t> expected(ROWS * 305, 0x7fff);
  for (int row = 0; row < ROWS; row++) {
    for (int i = 0; i < WIDTH; i++) expected[(size_t)(row * 305 + i)] = bf16_nearest(values[(size_t)(row * 310 + i)]);
  }
  expect_same(found, expected, "rounded rows");
  const auto wide = device.upload(std::vector<float>(ROWS * 310, -1));
  device.launch("mr_rows_to_f32", {ROWS}, {256}, 0, narrow, wide, (int64_t)305, (int64_t)310, WIDTH);
  const std::vector<float> back = device.download(wide);
  std::vector<float> expectedBack(ROWS * 310, -1);
  for (int row = 0; row < ROWS; row++) {
    for (int i = 0; i < WIDTH; i++) expectedBack[(size_t)(row * 310 + i)] = bf16_value(expected[(size_t)(row * 305 + i)]);
  }
  expect_same(back, expectedBack, "rows in f32");
}

// Keeps rows of `rows` rows of `words` 16-byte words each, and compares with the rows one after the other.
static void checkKept(Device& device, Random& random, int rows, const std::vector<int32_t>& kept, int words) {
  const size_t width = 4 * (size_t)words;
  std::vector<int32_t> values(rows * width), expected;
  for (int32_t& value : values) value = (int32_t)random.next();
  std::vector<int32_t> selection = {(int32_t)kept.size(), 0, 0, 0};
  selection.insert(selection.end(), kept.begin(), kept.end());
  for (const int32_t row : kept) expected.insert(expected.end(), &values[row * width], &values[row * width] + width);
  expected.insert(expected.end(), values.begin() + (ptrdiff_t)expected.size(), values.end());
  const auto memory = device.upload(values);
  device.launch("mr_rows_keep", {((unsigned)words + 63) / 64}, {64}, 0, memory, device.upload(selection), words);
  expect_same(device.download(memory), expected,
              std::to_string(kept.size()) + " rows kept of " + std::to_string(rows) + ", " + std::to_string(words) +
                  " words each");
}

MR_TEST(keep_rows) {
  Random random(random_source()());
  checkKept(device, random, 1, {0}, 1);
  checkKept(device, random, 40, {39}, 64);
  checkKept(device, random, 40, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 65);
  std::vector<int32_t> odd;
  for (int row = 1; row < 40; row += 2) odd.push_back(row);
  checkKept(device, random, 40, odd, 130);
  for (int i = 0; i < 20; i++) {
    const int rows = 1 + random.below(60);
    const double share = random.uniform();
    std::vector<int32_t> kept;
    for (int row = 0; row < rows; row++) {
      if (random.uniform() < share || row == rows - 1) kept.push_back(row);
    }
    checkKept(device, random, rows, kept, 1 + random.below(200));
  }
}

MR_TEST(copy_blocks_of_all_layers) {
  Random random(random_source()());
  constexpr int LAYERS = 3, BLOCKS = 7, WORDS = 96 * 4;  // int32 per block and layer
  std::vector<int32_t> cache(LAYERS * BLOCKS * WORDS);
  for (int32_t& word : cache) word = (int32_t)random.next();
  const std::vector<int32_t> pairs = {2, 5, 0, 6, 2, 1};
  const auto memory = device.upload(cache);
  device.launch("mr_copy_blocks", {3, LAYERS, 2}, {256}, 0, memory, device.upload(pairs), (int64_t)(WORDS / 4),
                (int64_t)(BLOCKS * WORDS / 4));
  std::vector<int32_t> expected = cache;
  for (int layer = 0; layer < LAYERS; layer++) {
    for (size_t i = 0; i < pairs.size(); i += 2) {
      std::copy_n(&cache[(size_t)((layer * BLOCKS + pairs[i]) * WORDS)], WORDS,
                  &expected[(size_t)((layer * BLOCKS + pairs[i + 1]) * WORDS)]);
    }
  }
  expect_same(device.download(memory), expected, "the cache");
}
