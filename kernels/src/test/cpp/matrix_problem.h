// Matrices and rows for tests of the products: random weights, their packed form made on the host (independently of the
// kernels that pack), and the product in double precision.
#pragma once

#include <stdint.h>

#include <cmath>
#include <vector>

#include "harness.h"

inline int rounded_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

// binary16.
inline double f16_value(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  if (exponent == 31) magnitude = mantissa ? NAN : INFINITY;
  return bits & 0x8000 ? -magnitude : magnitude;
}

inline double random_share() { return random_source()() / 4294967296.0; }

enum Layout { PLAIN = 0, GATE = 1, UP = 2 };

// Row of a packed matrix as packed.cuh describes it.
inline int packed_row(int row, Layout layout) {
  return layout == PLAIN ? row : row / 8 * 16 + (layout == UP ? 8 : 0) + row % 8;
}

// Byte of a packed bf16 or fp8 matrix at which an element lies.
inline size_t packed_byte(int row, int column, int k, int elementBytes) {
  const int byte = column * elementBytes, tilesOfRow = k * elementBytes / 128;
  const size_t tile = (size_t)(row / 64) * tilesOfRow + byte / 128;
  const int piece = byte % 128 / 16 ^ row % 8;
  return tile * 8192 + row % 64 * 128 + piece * 16 + byte % 16;
}

// Word and lowest bit of a packed int4 matrix at which a nibble lies: the word of lane l of the 16 x 16 fragment holds
// what PTX says lane l has of A, the register i at bits 4 i (even column) and 16 + 4 i (odd column).
struct NibblePlace {
  size_t word;
  int bit;
};
inline NibblePlace packed_nibble(int row, int column, int k) {
  const size_t tile = (size_t)(row / 64) * (k / 64) + column / 64;
  const int r = row % 16, c = column % 16, lane = r % 8 * 4 + c % 8 / 2, reg = r / 8 + c / 8 * 2;
  return {tile * 512 + (row % 64 / 16 * 32 + lane) * 4 + column % 64 / 16, 4 * reg + 16 * (c % 2)};
}

enum class Format { BF16, FP8, INT4 };

// A weight matrix [n, columns] as a checkpoint has it.
struct Weights {
  Format format = Format::BF16;
  int n = 0, columns = 0, group = 0;
  bool asymmetric = false;
  std::vector<uint16_t> bf16;                 // BF16: [n, columns]
  std::vector<uint8_t> codes;                 // FP8: e4m3; INT4: nibbles, one a byte
  std::vector<uint16_t> scales;               // bf16; FP8: [n]; INT4: [n, groups]
  std::vector<uint8_t> zeros;                 // INT4: [n, groups]

  int groups() const { return (columns + group - 1) / group; }

  // The value that is multiplied: for INT4 rounded to bf16, for FP8 without the channel's scale.
  double value(int row, int column) const {
    const size_t at = (size_t)row * columns + column;
    if (format == Format::BF16) return bf16_value(bf16[at]);
    if (format == Format::FP8) return e4m3_value(codes[at]);
    const size_t scale = (size_t)row * groups() + column / group;
    const int zero = asymmetric ? zeros[scale] : 8;
    return bf16_value(bf16_nearest((float)(codes[at] - zero) * bf16_value(scales[scale])));
  }
  double channel_scale(int row) const { return format == Format::FP8 ? bf16_value(scales[row]) : 1; }
};

inline Weights random_weights(Format format, int n, int columns, int group = 64, bool asymmetric = false) {
  Weights w;
  w.format = format;
  w.n = n;
  w.columns = columns;
  w.group = group;
  w.asymmetric = asymmetric;
  const size_t all = (size_t)n * columns;
  const double deviation = 1 / std::sqrt((double)columns);
  if (format == Format::BF16) w.bf16 = random_bf16(all, (float)(-2 * deviation), (float)(2 * deviation));
  if (format == Format::FP8) {
    for (size_t i = 0; i < all; i++) {
      const uint8_t code = (uint8_t)(random_source()() & 255);
      w.codes.push_back((code & 0x7f) == 0x7f ? 0 : code);
    }
    for (int i = 0; i < n; i++) w.scales.push_back(bf16_nearest((float)(deviation / 100 * (0.5 + random_share()))));
  }
  if (format == Format::INT4) {
    for (size_t i = 0; i < all; i++) w.codes.push_back((uint8_t)(random_source()() & 15));
    for (int i = 0; i < n * w.groups(); i++) {
      w.scales.push_back(bf16_nearest((float)(deviation / 5 * (0.5 + random_share()))));
      w.zeros.push_back((uint8_t)(random_source()() & 15));
    }
  }
  return w;
}

// Extents of a packed matrix.
struct Packed {
  int rows, k;
  std::vector<uint8_t> bytes;
};

inline int column_step(Format format) { return format == Format::FP8 ? 128 : 64; }

// An empty packed matrix for n rows (both halves of a SwiGLU pair counted) and so many columns.
inline Packed empty_packed(const Weights& w, int n) {
  Packed packed{rounded_up(n, 64), rounded_up(w.columns, column_step(w.format)), {}};
  const size_t elements = (size_t)packed.rows * packed.k;
  size_t bytes = elements * 2;
  if (w.format == Format::FP8) bytes = elements + (size_t)packed.rows * 4;
  if (w.format == Format::INT4) {
    bytes = elements / 2 + (size_t)((packed.k + w.group - 1) / w.group) * packed.rows * (w.asymmetric ? 3 : 2);
  }
  packed.bytes.assign(bytes, 0);
  return packed;
}

// Puts a matrix into a packed one.
inline void pack(Packed& packed, const Weights& w, Layout layout) {
  uint8_t* bytes = packed.bytes.data();
  const size_t elements = (size_t)packed.rows * packed.k;
  for (int r = 0; r < w.n; r++) {
    const int row = packed_row(r, layout);
    for (int c = 0; c < w.columns; c++) {
      const size_t at = (size_t)r * w.columns + c;
      if (w.format == Format::BF16) memcpy(bytes + packed_byte(row, c, packed.k, 2), &w.bf16[at], 2);
      if (w.format == Format::FP8) bytes[packed_byte(row, c, packed.k, 1)] = w.codes[at];
      if (w.format == Format::INT4) {
        const NibblePlace place = packed_nibble(row, c, packed.k);
        uint32_t word;
        memcpy(&word, bytes + place.word * 4, 4);
        word |= (uint32_t)w.codes[at] << place.bit;
        memcpy(bytes + place.word * 4, &word, 4);
      }
    }
    if (w.format == Format::FP8) {
      const float scale = bf16_value(w.scales[r]);
      memcpy(bytes + elements + (size_t)row * 4, &scale, 4);
    }
    for (int g = 0; w.format == Format::INT4 && g < w.groups(); g++) {
      const size_t from = (size_t)r * w.groups() + g, to = (size_t)g * packed.rows + row;
      memcpy(bytes + elements / 2 + to * 2, &w.scales[from], 2);
      const size_t zeros = elements / 2 + (size_t)((packed.k + w.group - 1) / w.group) * packed.rows * 2;
      if (w.asymmetric) bytes[zeros + to] = w.zeros[from];
    }
  }
}

inline Packed packed(const Weights& w) {
  Packed result = empty_packed(w, w.n);
  pack(result, w, PLAIN);
  return result;
}

inline Packed packed_pair(const Weights& gate, const Weights& up) {
  Packed result = empty_packed(gate, 2 * rounded_up(gate.n, 8));
  pack(result, gate, GATE);
  pack(result, up, UP);
  return result;
}

// Rows of x: bf16, or e4m3 with one scale per row.
struct InputRows {
  Format format;
  int rows, columns, stride;
  std::vector<uint16_t> bf16;   // [rows, stride]
  std::vector<uint8_t> codes;   // [rows, stride]
  std::vector<float> scales;    // [rows]

  double value(int row, int column) const {
    const size_t at = (size_t)row * stride + column;
    return format == Format::FP8 ? e4m3_value(codes[at]) * scales[row] : bf16_value(bf16[at]);
  }
};

inline InputRows random_rows(Format format, int rows, int columns) {
  InputRows x{format, rows, columns, rounded_up(columns, format == Format::FP8 ? 16 : 8), {}, {}, {}};
  const size_t all = (size_t)rows * x.stride;
  if (format != Format::FP8) {
    x.bf16 = random_bf16(all, -2, 2);
    return x;
  }
  for (size_t i = 0; i < all; i++) {
    const uint8_t code = (uint8_t)(random_source()() & 255);
    x.codes.push_back((code & 0x7f) == 0x7f ? 0x80 : code);
  }
  for (int i = 0; i < rows; i++) x.scales.push_back((float)(0.001 + 0.02 * random_share()));
  return x;
}

// A product in double precision, and the sum of its terms' magnitudes: what rounding errors are measured against.
struct Dot {
  double sum, magnitude;
};
inline Dot dot(const Weights& w, int channel, const InputRows& x, int row) {
  Dot result{0, 0};
  const double scale = w.channel_scale(channel);
  for (int c = 0; c < w.columns; c++) {
    const double term = w.value(channel, c) * scale * x.value(row, c);
    result.sum += term;
    result.magnitude += std::fabs(term);
  }
  return result;
}
