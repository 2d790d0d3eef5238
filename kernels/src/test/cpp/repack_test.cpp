// Packing of checkpoints: mr_pack_*, mr_convert_f32.
#include "matrix_problem.h"

namespace {

// A source [rows, columns] in a checkpoint's order and type, and its values.
struct Source {
  std::vector<uint8_t> bytes;
  int64_t row_stride, column_stride;
  int type, element;
  std::vector<double> values;
};

Source random_source_of(int type, int rows, int columns, bool transposed, int first = 0, int width = 0) {
  Source s{{}, columns, 1, type, type == 0 ? 4 : 2, {}};
  if (transposed) {
    s.row_stride = 1;
    s.column_stride = width ? width : rows;
  }
  const size_t all = (size_t)columns * (size_t)(transposed ? s.column_stride : 0) + (size_t)(transposed ? 0 : rows * columns);
  s.bytes.resize(all * (size_t)s.element);
  for (size_t i = 0; i < all; i++) {
    if (type == 0) {
      const float value = random_floats(1, -2, 2)[0];
      memcpy(&s.bytes[i * 4], &value, 4);
    } else {
      // any finite binary16; as bf16 some of them are huge
      uint16_t bits = (uint16_t)random_source()();
      if (type == 2 && (bits & 0x7c00) == 0x7c00) bits &= 0xbfff;
      if (type == 1 && (bits & 0x7f80) == 0x7f80) bits &= 0xbfff;
      memcpy(&s.bytes[i * 2], &bits, 2);
    }
  }
  s.bytes.erase(s.bytes.begin(), s.bytes.begin() + first * s.element);
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) {
      const size_t at = (size_t)(r * s.row_stride + c * s.column_stride);
      float f;
      uint16_t bits;
      memcpy(&f, &s.bytes[at * (size_t)s.element], type == 0 ? 4 : 2);
      memcpy(&bits, &s.bytes[at * (size_t)s.element], 2);
      s.values.push_back(type == 0 ? f : type == 1 ? bf16_value(bits) : f16_value(bits));
    }
  }
  return s;
}

uint16_t element_of(const std::vector<uint16_t>& packed, int row, int column, int k) {
  return packed[packed_byte(row, column, k, 2) / 2];
}

}  // namespace

MR_TEST(pack_bf16_from_every_type_and_order) {
  const int rows = 70, columns = 77, packed_rows = 128, k = 128;
  for (int type : {0, 1, 2}) {
    for (bool transposed : {false, true}) {
      const Source s = random_source_of(type, rows, columns, transposed);
      const auto out = device.upload(std::vector<uint16_t>((size_t)packed_rows * k, 0));
      device.launch("mr_pack_bf16", {2, 2}, {256}, 8448, out, device.upload(s.bytes), s.row_stride, s.column_stride, type,
                    rows, columns, 0, 0, k, 0, 0);
      const auto found = device.download(out);
      for (int r = 0; r < packed_rows; r++) {
        for (int c = 0; c < k; c++) {
          const bool inside = r < rows && c < columns;
          const uint16_t wanted = inside ? bf16_nearest((float)s.values[(size_t)(r * columns + c)]) : 0;
          expect_equal(element_of(found, r, c, k), wanted, "type " + std::to_string(type) + " element " +
                                                               std::to_string(r) + "," + std::to_string(c));
        }
      }
    }
  }
}

// Terms of a weight that is to stay whole: f32 has three, binary16 two, bf16 one; they add up to it.
MR_TEST(pack_terms_of_every_type) {
  const int rows = 70, columns = 77, k = 128;
  for (int type : {0, 1, 2}) {
    const Source s = random_source_of(type, rows, columns, false);
    std::vector<std::vector<uint16_t>> terms;
    for (int term : {0, 1, 2}) {
      const auto out = device.upload(std::vector<uint16_t>((size_t)(128 * k), 0));
      device.launch("mr_pack_bf16", {2, 2}, {256}, 8448, out, device.upload(s.bytes), s.row_stride, s.column_stride, type,
                    rows, columns, 0, 0, k, 0, term);
      terms.push_back(device.download(out));
    }
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        const std::string what = "type " + std::to_string(type) + " element " + std::to_string(r) + "," + std::to_string(c);
        const double value = s.values[(size_t)(r * columns + c)];
        double rest = value;
        for (int term = 0; term < 3; term++) {
          const uint16_t found = element_of(terms[(size_t)term], r, c, k);
          expect_equal(found & 0x7fff, bf16_nearest((float)rest) & 0x7fff, what + " term " + std::to_string(term));
          rest -= bf16_value(found);
          if (term == (type == 0 ? 2 : type == 1 ? 0 : 1)) expect(rest == 0, what + " is not the sum of its terms");
        }
      }
    }
  }
}

// A fused Llama 4 expert [in, 2 * width]: gate and up are ranges of columns; pieces of the inputs arrive one by one.
MR_TEST(pack_bf16_of_a_fused_expert_in_pieces) {
  const int width = 40, inputs = 72, k = 128, packed_rows = 128;
  const auto both = random_bf16((size_t)(inputs * 2 * width), -2, 2);
  const auto source = device.upload(both);
  const auto out = device.upload(std::vector<uint16_t>((size_t)packed_rows * k, 0));
  for (int layout : {1, 2}) {
    int at = 0;
    for (int piece : {5, 59, 8}) {
      const auto from = source.from((size_t)(at * 2 * width + (layout == 2 ? width : 0)));
      device.launch("mr_pack_bf16", {(unsigned)(piece + 63) / 64, 1}, {256}, 8448, out, from, (int64_t)1,
                    (int64_t)(2 * width), 1, width, piece, 0, at, k, layout, 0);
      at += piece;
    }
  }
  const auto found = device.download(out);
  for (int r = 0; r < width; r++) {
    for (int c = 0; c < inputs; c++) {
      expect_equal(element_of(found, packed_row(r, GATE), c, k), both[(size_t)(c * 2 * width + r)], "gate");
      expect_equal(element_of(found, packed_row(r, UP), c, k), both[(size_t)(c * 2 * width + width + r)], "up");
    }
  }
}

// q, k and v stacked: later matrices start at rows that are no multiple of anything.
MR_TEST(pack_bf16_stacks_matrices) {
  const int k = 64;
  const auto out = device.upload(std::vector<uint16_t>(128 * k, 0));
  std::vector<std::vector<uint16_t>> parts;
  int first = 0;
  for (int rows : {50, 3, 21}) {
    parts.push_back(random_bf16((size_t)(rows * k), -2, 2));
    device.launch("mr_pack_bf16", {1, 1}, {256}, 8448, out, device.upload(parts.back()), (int64_t)k, (int64_t)1, 1, rows,
                  k, first, 0, k, 0, 0);
    first += rows;
  }
  const auto found = device.download(out);
  int row = 0;
  for (const auto& part : parts) {
    for (size_t i = 0; i < part.size(); i++) {
      expect_equal(element_of(found, row + (int)i / k, (int)i % k, k), part[i], "row " + std::to_string(row + (int)i / k));
    }
    row += (int)part.size() / k;
  }
}

MR_TEST(pack_fp8_with_scales) {
  const int rows = 72, columns = 200;
  Weights w = random_weights(Format::FP8, rows, columns);
  const Packed expected = packed(w);
  const auto out = device.upload(std::vector<uint8_t>(expected.bytes.size(), 0));
  const auto bad = device.upload(std::vector<int32_t>{0});
  const auto pack_with = [&](const std::vector<uint8_t>& codes) {
    device.launch("mr_pack_fp8", {4, 2}, {256}, 4352, out, bad, device.upload(codes), (int64_t)columns, (int64_t)1, rows,
                  columns, 0, 0, expected.k, 0);
  };
  pack_with(w.codes);
  Array<uint8_t> scales = out.from((size_t)expected.rows * (size_t)expected.k);
  device.launch("mr_pack_scales", {1}, {256}, 0, scales, device.upload(w.scales), (int64_t)1, 1, rows, 0, 0);
  expect_same(device.download(out), expected.bytes, "packed fp8");
  expect_equal(device.download(bad)[0], 0, "NaN codes");
  w.codes[7] = 0x7f;
  w.codes[1234] = 0xff;
  pack_with(w.codes);
  expect_equal(device.download(bad)[0], 2, "NaN codes");
}

MR_TEST(pack_fp8_takes_one_scale_for_all_rows) {
  const auto scales = device.upload(std::vector<float>(64, 0));
  device.launch("mr_pack_scales", {1}, {256}, 0, scales, device.upload(std::vector<float>{0.375f}), (int64_t)0, 0, 20, 8,
                2);
  const auto found = device.download(scales);
  for (int r = 0; r < 64; r++) {
    const bool up = r / 8 % 2 == 1 && r / 16 * 8 + r % 8 >= 8 && r / 16 * 8 + r % 8 < 28;
    expect(found[(size_t)r] == (up ? 0.375f : 0.0f), "row " + std::to_string(r));
  }
}

// compressed-tensors pack-quantized: eight columns in a word, zeros packed along the rows.
MR_TEST(pack_int4_of_a_pair_in_pieces) {
  for (bool asymmetric : {false, true}) {
    const int n = 72, columns = 200, group = 64;
    const Weights gate = random_weights(Format::INT4, n, columns, group, asymmetric);
    const Weights up = random_weights(Format::INT4, n, columns, group, asymmetric);
    const Packed expected = packed_pair(gate, up);
    const int groups = gate.groups(), words = columns / 8;
    const auto out = device.upload(std::vector<uint8_t>(expected.bytes.size(), 0));
    const size_t scale_at = (size_t)expected.rows * (size_t)expected.k / 2;
    const size_t zero_at = scale_at + (size_t)((expected.k + group - 1) / group) * (size_t)expected.rows * 2;
    for (int layout : {GATE, UP}) {
      const Weights& w = layout == GATE ? gate : up;
      std::vector<int32_t> source((size_t)(n * words), 0), zeros((size_t)(n / 8 * groups), 0);
      for (int r = 0; r < n; r++) {
        for (int c = 0; c < columns; c++) {
          source[(size_t)(r * words + c / 8)] |= (int32_t)((uint32_t)w.codes[(size_t)(r * columns + c)] << (4 * (c % 8)));
        }
        for (int g = 0; g < groups; g++) {
          zeros[(size_t)(r / 8 * groups + g)] |= (int32_t)((uint32_t)w.zeros[(size_t)(r * groups + g)] << (4 * (r % 8)));
        }
      }
      int first = 0;
      for (int rows : {24, 48}) {
        device.launch("mr_pack_int4", {(unsigned)expected.k / 64, (unsigned)rows / 8 + 2}, {128}, 0, out,
                      device.upload(source).from((size_t)(first * words)), words, rows, columns, first, expected.k, layout);
        const auto zero = asymmetric ? out.from(zero_at) : Array<uint8_t>{};
        const auto zero_source = asymmetric ? device.upload(zeros).from((size_t)(first / 8 * groups)) : Array<int32_t>{};
        device.launch("mr_pack_int4_scales", {(unsigned)(rows * groups + 255) / 256}, {256}, 0, out.from(scale_at), zero,
                      device.upload(w.scales).from((size_t)(first * groups)), zero_source, 1, rows, groups, first, layout,
                      expected.rows);
        first += rows;
      }
    }
    expect_same(device.download(out), expected.bytes, asymmetric ? "with zeros" : "symmetric");
  }
}

MR_TEST(pack_int4_of_plain_rows_in_odd_pieces) {
  const int n = 43, columns = 72, words = 9;
  const Weights w = random_weights(Format::INT4, n, columns, 128, false);
  const Packed expected = packed(w);
  std::vector<int32_t> source((size_t)(n * words), 0);
  for (int i = 0; i < n * columns; i++) {
    source[(size_t)(i / 8)] |= (int32_t)((uint32_t)w.codes[(size_t)i] << (4 * (i % 8)));
  }
  const auto out = device.upload(std::vector<uint8_t>(expected.bytes.size(), 0));
  int first = 0;
  for (int rows : {3, 17, 23}) {
    device.launch("mr_pack_int4", {(unsigned)expected.k / 64, (unsigned)rows / 8 + 2}, {128}, 0, out,
                  device.upload(source).from((size_t)(first * words)), words, rows, columns, first, expected.k, 0);
    first += rows;
  }
  const size_t tiles = (size_t)expected.rows * (size_t)expected.k / 2;
  auto found = device.download(out), wanted = expected.bytes;
  found.resize(tiles);
  wanted.resize(tiles);
  expect_same(found, wanted, "nibbles");
}

MR_TEST(convert_every_f16_to_f32) {
  std::vector<uint16_t> all;
  for (int i = 0; i < 65536; i++) all.push_back((uint16_t)i);
  const auto out = device.array<float>(65536);
  device.launch("mr_convert_f32", {256}, {256}, 0, out, device.upload(all), (int64_t)256, (int64_t)1, 2, 256, 256, 256);
  const auto found = device.download(out);
  for (size_t i = 0; i < found.size(); i++) {
    const double wanted = f16_value((uint16_t)i);
    expect(std::isnan(wanted) ? std::isnan(found[i]) : found[i] == wanted, "code " + std::to_string(i) + " is " +
                                                                               std::to_string(found[i]));
  }
}

MR_TEST(convert_f32_transposes) {
  const auto in = random_bf16(30 * 7, -2, 2);
  const auto out = device.upload(std::vector<float>(7 * 32, -1));
  device.launch("mr_convert_f32", {1}, {256}, 0, out, device.upload(in), (int64_t)1, (int64_t)7, 1, 7, 30, 32);
  const auto found = device.download(out);
  for (int r = 0; r < 7; r++) {
    for (int c = 0; c < 32; c++) {
      expect(found[(size_t)(r * 32 + c)] == (c < 30 ? bf16_value(in[(size_t)(c * 7 + r)]) : -1), "transposed");
    }
  }
}
