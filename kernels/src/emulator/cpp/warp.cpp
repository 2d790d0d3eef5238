// The operations of a warp: votes, shuffles, matrix loads and products. Each is executed once, by the last lane to
// arrive, for all lanes: their operands lie on their stacks, which are all addressable.
#include <math.h>
#include <string.h>

#include "block.h"
#include "warp.h"

namespace mr_emulated {
namespace {

float from_bf16(uint32_t bits) {
  bits <<= 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

struct Vote {
  uint64_t value;
  int source;
  uint64_t result;
};
Vote& vote(Lane* lane) { return *static_cast<Vote*>(lane->operands); }

void run_nothing(Block&, Lane* const*, uint32_t) {}

void run_shuffle(Block&, Lane* const* lanes, uint32_t mask) {
  for (uint32_t m = mask; m; m &= m - 1) {
    Vote& mine = vote(lanes[__builtin_ctz(m)]);
    // The value of a lane outside the mask is undefined: the hardware may give anything, so give poison.
    mine.result = mask >> mine.source & 1 ? vote(lanes[mine.source]).value : ~uint64_t{0};
  }
}

void run_ballot(Block&, Lane* const* lanes, uint32_t mask) {
  uint32_t result = 0;
  for (uint32_t m = mask; m; m &= m - 1) {
    const int l = __builtin_ctz(m);
    result |= static_cast<uint32_t>(vote(lanes[l]).value) << l;
  }
  for (uint32_t m = mask; m; m &= m - 1) vote(lanes[__builtin_ctz(m)]).result = result;
}

void run_match_any(Block&, Lane* const* lanes, uint32_t mask) {
  for (uint32_t m = mask; m; m &= m - 1) {
    Vote& mine = vote(lanes[__builtin_ctz(m)]);
    mine.result = 0;
    for (uint32_t o = mask; o; o &= o - 1) {
      const int l = __builtin_ctz(o);
      if (vote(lanes[l]).value == mine.value) mine.result |= uint64_t{1} << l;
    }
  }
}

struct MatrixRows {
  uint32_t* words;
  uint32_t row;  // offset in shared memory
  int count;
  bool transposed;
};
MatrixRows& rows(Lane* lane) { return *static_cast<MatrixRows*>(lane->operands); }

void run_ldmatrix(Block& block, Lane* const* lanes, uint32_t) {
  const int count = rows(lanes[0]).count;
  const bool transposed = rows(lanes[0]).transposed;
  for (int i = 0; i < count; i++) {
    uint16_t matrix[8][8];
    for (int r = 0; r < 8; r++) memcpy(matrix[r], block.shared() + rows(lanes[8 * i + r]).row, 16);
    for (int l = 0; l < WARP; l++) {
      const int r = l >> 2, c = (l & 3) * 2;
      const uint16_t low = transposed ? matrix[c][r] : matrix[r][c];
      const uint16_t high = transposed ? matrix[c + 1][r] : matrix[r][c + 1];
      rows(lanes[l]).words[i] = low | static_cast<uint32_t>(high) << 16;
    }
  }
}

void run_stmatrix(Block& block, Lane* const* lanes, uint32_t) {
  const int count = rows(lanes[0]).count;
  for (int i = 0; i < count; i++) {
    for (int l = 0; l < WARP; l++) {
      memcpy(block.shared() + rows(lanes[8 * i + (l >> 2)]).row + 4 * (l & 3), &rows(lanes[l]).words[i], 4);
    }
  }
}

struct Product {
  float* d;
  const uint32_t *a, *b;
};
Product& product(Lane* lane) { return *static_cast<Product*>(lane->operands); }

// d += a * b over K columns, all rows at once; the products of one instruction are summed before they are added,
// in ascending k, single precision.
template <int K>
void multiply(Lane* const* lanes, const float (&a)[16][K], const float (&b)[K][8]) {
  float d[16][8];
  for (int m = 0; m < 16; m++) {
    float sum[8] = {};
    for (int k = 0; k < K; k++) {
      for (int n = 0; n < 8; n++) sum[n] += a[m][k] * b[k][n];
    }
    memcpy(d[m], sum, sizeof sum);
  }
  for (int l = 0; l < WARP; l++) {
    float* mine = product(lanes[l]).d;
    const int g = l >> 2, t = (l & 3) * 2;
    mine[0] += d[g][t];
    mine[1] += d[g][t + 1];
    mine[2] += d[g + 8][t];
    mine[3] += d[g + 8][t + 1];
  }
}

float from_f16(uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 31), mantissa = static_cast<int>(bits & 1023);
  const float magnitude = exponent == 31 ? (mantissa ? NAN : INFINITY)
                          : exponent     ? ldexpf(static_cast<float>(1024 + mantissa), exponent - 25)
                                         : ldexpf(static_cast<float>(mantissa), -24);
  return bits & 0x8000 ? -magnitude : magnitude;
}

// The fragments of m16n8k16, elements of 16 bits.
template <float (*VALUE)(uint32_t)>
void run_mma_16816(Block&, Lane* const* lanes, uint32_t) {
  alignas(64) float a[16][16], b[16][8];
  for (int l = 0; l < WARP; l++) {
    const Product& p = product(lanes[l]);
    const int g = l >> 2, t = (l & 3) * 2;
    for (int half = 0; half < 2; half++) {
      for (int e = 0; e < 2; e++) {
        const int shift = 16 * e;
        a[g][t + 8 * half + e] = VALUE(p.a[2 * half] >> shift & 0xffff);
        a[g + 8][t + 8 * half + e] = VALUE(p.a[2 * half + 1] >> shift & 0xffff);
        b[t + 8 * half + e][g] = VALUE(p.b[half] >> shift & 0xffff);
      }
    }
  }
  multiply<16>(lanes, a, b);
}

void run_mma_e4m3(Block&, Lane* const* lanes, uint32_t) {
  alignas(64) float a[16][32], b[32][8];
  for (int l = 0; l < WARP; l++) {
    const Product& p = product(lanes[l]);
    const int g = l >> 2, t = (l & 3) * 4;
    for (int half = 0; half < 2; half++) {
      for (int e = 0; e < 4; e++) {
        const int shift = 8 * e;
        a[g][t + 16 * half + e] = e4m3_value(p.a[2 * half] >> shift & 0xff);
        a[g + 8][t + 16 * half + e] = e4m3_value(p.a[2 * half + 1] >> shift & 0xff);
        b[t + 16 * half + e][g] = e4m3_value(p.b[half] >> shift & 0xff);
      }
    }
  }
  multiply<32>(lanes, a, b);
}

const Operation SYNC_WARP{"__syncwarp", run_nothing, false};
const Operation SHUFFLE{"a shuffle", run_shuffle, false};
const Operation BALLOT{"a vote", run_ballot, false};
const Operation MATCH_ANY{"__match_any_sync", run_match_any, false};
const Operation LDMATRIX{"ldmatrix", run_ldmatrix, true};
const Operation STMATRIX{"stmatrix", run_stmatrix, true};
const Operation MMA_BF16{"mma bf16", run_mma_16816<from_bf16>, true};
const Operation MMA_F16{"mma f16", run_mma_16816<from_f16>, true};
const Operation MMA_E4M3{"mma e4m3", run_mma_e4m3, true};

}  // namespace

float e4m3_value(uint32_t bits) {
  static const float* const table = [] {
    auto* values = new float[256];
    for (int i = 0; i < 256; i++) {
      const int exponent = i >> 3 & 15, mantissa = i & 7;
      const float magnitude = (i & 127) == 127 ? NAN
                              : exponent       ? ldexpf(1 + mantissa / 8.0f, exponent - 7)
                                               : ldexpf(mantissa / 8.0f, -6);
      values[i] = i >> 7 ? -magnitude : magnitude;
    }
    return values;
  }();
  return table[bits & 0xff];
}

void sync_warp(uint32_t mask, Where where) { Block::current().warp_operation(mask, nullptr, &SYNC_WARP, where); }

uint64_t shuffle(uint32_t mask, uint64_t value, int source, Where where) {
  Vote vote{value, source, 0};
  Block::current().warp_operation(mask, &vote, &SHUFFLE, where);
  return vote.result;
}

uint32_t ballot(uint32_t mask, bool predicate, Where where) {
  Vote vote{predicate, 0, 0};
  Block::current().warp_operation(mask, &vote, &BALLOT, where);
  return static_cast<uint32_t>(vote.result);
}

uint32_t match_any(uint32_t mask, uint64_t value, Where where) {
  Vote vote{value, 0, 0};
  Block::current().warp_operation(mask, &vote, &MATCH_ANY, where);
  return static_cast<uint32_t>(vote.result);
}

void ldmatrix(uint32_t* words, const void* row, int count, bool transposed, Where where) {
  Block& block = Block::current();
  // Only the first 8 * count lanes pass addresses that count.
  const bool used = static_cast<int>(block.running().thread.lane) < 8 * count;
  MatrixRows operands{words, used ? block.shared_offset(row, 16, 16, "ldmatrix row", where) : 0, count, transposed};
  block.warp_operation(~0u, &operands, &LDMATRIX, where);
}

void stmatrix(const uint32_t* words, void* row, int count, Where where) {
  Block& block = Block::current();
  const bool used = static_cast<int>(block.running().thread.lane) < 8 * count;
  MatrixRows operands{const_cast<uint32_t*>(words),
                      used ? block.shared_offset(row, 16, 16, "stmatrix row", where) : 0, count, false};
  block.warp_operation(~0u, &operands, &STMATRIX, where);
}

void mma(MmaKind kind, float* d, const uint32_t* a, const uint32_t* b, Where where) {
  Product operands{d, a, b};
  const Operation& operation = kind == MMA_BF16_16816 ? MMA_BF16 : kind == MMA_F16_16816 ? MMA_F16 : MMA_E4M3;
  Block::current().warp_operation(~0u, &operands, &operation, where);
}

}  // namespace mr_emulated
