// Norms of rows, of selected rows, and with quantisation, against double precision.
#include <math.h>

#include <algorithm>

#include "harness.h"
#include "random_values.h"

using namespace millrace_test;

namespace {

constexpr double EPSILON = 1e-5;

std::vector<int32_t> stepOf(int rows) {
  std::vector<int32_t> words(32);
  words[0] = rows;
  return words;
}

std::vector<int32_t> selectionOf(const std::vector<int>& rows) {
  std::vector<int32_t> words = {(int32_t)rows.size(), 0, 0, 0};
  words.insert(words.end(), rows.begin(), rows.end());
  return words;
}

// Rows of awkward sizes among ordinary ones.
std::vector<float> awkwardRows(Random& random, int rows, int width) {
  std::vector<float> values = random.floats((size_t)rows * width, 1);
  for (int i = 0; i < width; i++) {
    values[(size_t)(rows - 1) * width + i] = 0;
    if (rows > 4) {
      values[(size_t)(rows / 2) * width + i] *= 0x1p-60f;
      values[(size_t)(rows / 3) * width + i] *= 0x1p40f;
    }
  }
  return values;
}

std::vector<double> normed(const std::vector<float>& hidden, const std::vector<float>& weight, int row) {
  const size_t width = weight.size();
  const float* in = &hidden[(size_t)row * width];
  double squares = 0;
  for (size_t i = 0; i < width; i++) squares += (double)in[i] * in[i];
  const double scale = 1 / sqrt(squares / (double)width + EPSILON);
  std::vector<double> out(width);
  for (size_t i = 0; i < width; i++) out[i] = in[i] * scale * weight[i];
  return out;
}

void expectBf16(const uint16_t* found, const std::vector<double>& expected, const std::string& what) {
  for (size_t i = 0; i < expected.size(); i++) {
    int exponent;
    frexp(expected[i], &exponent);
    const double allowed = ldexp(1, exponent - 9) + fabs(expected[i]) * 1e-6 + 1e-40;
    expect(fabs(bf16_value(found[i]) - expected[i]) <= allowed,
           what + ": element " + std::to_string(i) + " is " + std::to_string(bf16_value(found[i])) + ", expected " +
               std::to_string(expected[i]));
  }
}

struct NormCase {
  std::vector<float> hidden, weight;
  int rows, width;
  NormCase(int rows, int width) : rows(rows), width(width) {
    Random random(random_source()());
    hidden = awkwardRows(random, rows, width);
    weight = random.floats((size_t)width, 0.2);
    for (float& w : weight) w += 1;
  }
  std::string what(int row) const {
    return "row " + std::to_string(row) + " of " + std::to_string(rows) + " x " + std::to_string(width);
  }
};

std::vector<uint16_t> norm(Device& device, const NormCase& c, unsigned grid) {
  const auto out = device.upload(std::vector<uint16_t>((size_t)grid * c.width, 0x7fff));
  device.launch("mr_norm", {grid}, {256}, 64, device.upload(c.hidden), device.upload(c.weight), out,
                device.upload(stepOf(c.rows)), c.width, (float)EPSILON);
  return device.download(out);
}

}  // namespace

MR_TEST(norm_of_rows) {
  for (int width : {64, 128, 1088, 5120, 8192, 9280}) {
    for (int rows : {1, 7}) {
      const NormCase c(rows, width);
      const std::vector<uint16_t> found = norm(device, c, (unsigned)rows + 2);
      for (int row = 0; row < rows; row++) expectBf16(&found[(size_t)row * width], normed(c.hidden, c.weight, row), c.what(row));
      for (size_t i = (size_t)rows * width; i < found.size(); i++) expect_equal(found[i], 0x7fff, "a row beyond the step");
    }
  }
}

MR_TEST(norm_of_selected_rows_has_the_bits_of_all_rows) {
  const NormCase c(9, 320);
  const std::vector<int> rows = {8, 0, 3, 3};
  const auto out = device.array<uint16_t>(rows.size() * c.width);
  device.launch("mr_norm_selected", {6}, {256}, 64, device.upload(c.hidden), device.upload(c.weight), out,
                device.upload(selectionOf(rows)), c.width, (float)EPSILON);
  const std::vector<uint16_t> found = device.download(out), all = norm(device, c, 9);
  for (size_t i = 0; i < rows.size(); i++) {
    const auto from = all.begin() + rows[i] * c.width;
    expect_same(std::vector<uint16_t>(&found[i * c.width], &found[i * c.width] + c.width),
                std::vector<uint16_t>(from, from + c.width), "selected row " + std::to_string(i));
  }
}

// The bits of mr_norm before they are rounded, and near the truth by themselves.
MR_TEST(norm_in_f32) {
  for (int width : {64, 1088, 9280}) {
    const NormCase c(7, width);
    const auto hidden = device.upload(c.hidden), weight = device.upload(c.weight);
    const auto out = device.upload(std::vector<float>((size_t)(9 * width), -7));
    device.launch("mr_norm_f32", {9}, {256}, 64, hidden, weight, out, device.upload(stepOf(c.rows)), width,
                  (float)EPSILON);
    const std::vector<float> found = device.download(out);
    const std::vector<uint16_t> rounded = norm(device, c, 7);
    for (size_t i = 0; i < found.size(); i++) {
      if (i >= rounded.size()) {
        expect(found[i] == -7, "a row beyond the step");
      } else {
        expect_equal(bf16_nearest(found[i]), rounded[i], "element " + std::to_string(i) + ", rounded");
      }
    }
    for (int row = 0; row < c.rows; row++) {
      const auto from = found.begin() + row * width;
      expect_close({from, from + width}, normed(c.hidden, c.weight, row), 1e-6, 1e-40, c.what(row));
    }
    const std::vector<int> rows = {6, 0, 3, 3};
    const auto chosen = device.array<float>(rows.size() * (size_t)width);
    device.launch("mr_norm_selected_f32", {6}, {256}, 64, hidden, weight, chosen, device.upload(selectionOf(rows)), width,
                  (float)EPSILON);
    const std::vector<float> selected = device.download(chosen);
    for (size_t i = 0; i < rows.size(); i++) {
      const auto at = selected.begin() + (std::ptrdiff_t)i * width, from = found.begin() + rows[i] * width;
      expect_same(std::vector<float>(at, at + width), std::vector<float>(from, from + width), "selected row");
    }
  }
}

MR_TEST(norm_to_e4m3) {
  for (int width : {64, 5120, 8320}) {
    const NormCase c(7, width);
    const size_t elements = (size_t)c.rows * width;
    const auto plain = device.array<uint16_t>(elements);
    const auto out = device.array<uint8_t>(elements), again = device.array<uint8_t>(elements);
    const auto scale = device.array<float>((size_t)c.rows);
    const auto hidden = device.upload(c.hidden);
    const auto weight = device.upload(c.weight);
    const auto step = device.upload(stepOf(c.rows));
    device.launch("mr_norm_e4m3", {9}, {256}, 64, hidden, weight, plain, out, scale, step, width, (float)EPSILON);
    device.launch("mr_norm_e4m3", {9}, {256}, 64, hidden, weight, Array<uint16_t>{}, again, scale, step, width,
                  (float)EPSILON);
    expect_same(device.download(plain), norm(device, c, 7), "the row in bf16");
    const std::vector<uint8_t> found = device.download(out);
    expect_same(device.download(again), found, "the row without bf16");
    const std::vector<float> scales = device.download(scale);
    const auto later = device.array<uint8_t>(elements);
    const auto laterScale = device.array<float>((size_t)c.rows);
    device.launch("mr_quantize_rows_fp8", {2}, {128}, 0, later, laterScale, plain,
                  device.upload(std::vector<int32_t>{c.rows}), width, width, width);
    expect_same(device.download(later), found, "the bf16 row quantised later");
    expect_same(device.download(laterScale), scales, "its scale");
    for (int row = 0; row < c.rows; row++) {
      const std::vector<double> expected = normed(c.hidden, c.weight, row);
      double largest = 0;
      for (double value : expected) largest = std::max(largest, fabs(value));
      if (largest <= 1e-30) largest = 0;
      expect(fabs(scales[(size_t)row] - largest / 448) <= largest / 448 * (0x1p-8 + 1e-6), c.what(row) + ": scale");
      for (int i = 0; i < width; i++) {
        // half a step of three bits, or of the smallest subnormal, of a value that was rounded to bf16
        const double value = e4m3_value(found[(size_t)row * width + i]) * (double)scales[(size_t)row];
        const double allowed = std::max(fabs(expected[i]) / 16, largest / 448 * 0x1p-10) * (1 + 0x1p-7) +
                               fabs(expected[i]) * (0x1p-8 + 1e-5);
        expect(fabs(value - (largest == 0 ? 0 : expected[i])) <= allowed, c.what(row) + ": element " + std::to_string(i));
      }
    }
  }
}

MR_TEST(norm_to_e4m3_shows_what_is_no_number) {
  constexpr int WIDTH = 256;
  std::vector<float> hidden(3 * WIDTH, 1);
  hidden[WIDTH + 200] = NAN;
  hidden[2 * WIDTH] = INFINITY;
  const auto scale = device.array<float>(3);
  device.launch("mr_norm_e4m3", {3}, {256}, 64, device.upload(hidden), device.upload(std::vector<float>(WIDTH, 1)),
                Array<uint16_t>{}, device.array<uint8_t>(3 * WIDTH), scale, device.upload(stepOf(3)), WIDTH,
                (float)EPSILON);
  const std::vector<float> scales = device.download(scale);
  expect(scales[0] > 0 && std::isnan(scales[1]) && std::isnan(scales[2]), "scales");
}
