// Products of bfloat16 rows with packed weights, for processors with AVX512-BF16.
//
//   dst[r, o] (+)= sum over i of src[r, i] * weights[i, o]       floats; i ascends in pairs
//
// Plain weights are the bfloat16 numbers themselves, in an order that registers take: keys and values, which change.
//
// Compact weights take 12 bits each and lose nothing. Few rows wait for their weights to come from memory, so weights
// that take less room are faster. The upper byte of a bfloat16 (sign and seven bits of the exponent) is one of few values
// in a trained matrix: four bits tell which, and a table of 16 per block holds the values. Taking them apart again costs
// six byte shuffles for 128 weights, on ports that multiplications do not use.
//
// A panel is a chain of blocks of 64 outputs, 64-byte aligned; the Java class CompactEncoder writes compact ones.
//
//   block  := header flags group[inputs / 2], or of plain weights group[inputs / 2] alone
//   header := u8 table[16]; u32 bytes of the whole block; zeros up to 64 bytes
//   flags  := one bit per group, from the lowest of u64 words; zeros up to a multiple of 64 bytes
//   group  := 2 inputs of 64 outputs: 128 weights in the order of four registers w0 to w3, each 16 outputs x 2 inputs
//     plain, or flag 1, 256 bytes: w0 to w3 as they are; compact, because an upper byte is missing in the table
//     flag 0, 192 bytes: lower bytes of w0 and w1, of w2 and w3 (as vpackuswb orders them); then 64 bytes whose lower
//             and upper halves are the numbers of the upper bytes, in the order of the first and of the second 64
//
// A sum has one order whatever the number of rows, so the bits of a row do not depend on its neighbours.

#include <immintrin.h>
#include <stdint.h>

enum {
  BLOCK_OUTPUTS = 64,
  REGISTERS = 4,              // of 16 outputs each
  ROWS_MAX = 6,               // 24 sums, 4 weights, table and mask: what 32 registers hold
  FLAGS_PER_LINE = 512,
  COMPACT_BYTES = 192,
  PLAIN_BYTES = 256,
  HEADER_BYTES = 64,
  READ_AHEAD_BYTES = 4096,    // less lets few rows wait: 512 bytes cost 10 %
};

// Sums must lie in registers: arrays of them only do so if no loop over them is left.
#define UNROLLED _Pragma("GCC unroll 6")
#define INLINE static inline __attribute__((always_inline))

typedef struct {
  const uint16_t *src;
  long src_stride;
  long groups;
  float *dst;
  long dst_stride;
  int adding;
} product;

INLINE const uint8_t *first_group(const uint8_t *block, long groups) {
  return block + HEADER_BYTES + (groups + FLAGS_PER_LINE - 1) / FLAGS_PER_LINE * 64;
}

INLINE void load(const uint8_t *group, __m512i weights[REGISTERS]) {
  UNROLLED for (int i = 0; i < REGISTERS; i++) weights[i] = _mm512_load_si512(group + 64 * i);
}

INLINE void unpack(const uint8_t *group, __m512i table, __m512i weights[REGISTERS]) {
  const __m512i low_half = _mm512_set1_epi8(15);
  __m512i low0 = _mm512_load_si512(group);
  __m512i low1 = _mm512_load_si512(group + 64);
  __m512i numbers = _mm512_load_si512(group + 128);
  __m512i high0 = _mm512_shuffle_epi8(table, _mm512_and_si512(numbers, low_half));
  __m512i high1 = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(numbers, 4), low_half));
  weights[0] = _mm512_unpacklo_epi8(low0, high0);
  weights[1] = _mm512_unpackhi_epi8(low0, high0);
  weights[2] = _mm512_unpacklo_epi8(low1, high1);
  weights[3] = _mm512_unpackhi_epi8(low1, high1);
}

INLINE void add(const int rows, const uint16_t *src, long src_stride, const __m512i weights[REGISTERS],
                __m512 sums[ROWS_MAX][REGISTERS]) {
  UNROLLED for (int r = 0; r < rows; r++) {
    __m512bh pair = (__m512bh)_mm512_set1_epi32(*(const int32_t *)(src + r * src_stride));
    UNROLLED for (int i = 0; i < REGISTERS; i++) {
      sums[r][i] = _mm512_dpbf16_ps(sums[r][i], (__m512bh)weights[i], pair);
    }
  }
}

// Some rows times one block of which `outputs` or 64 outputs count. `ahead` is where memory is asked for while the first
// group is read.
INLINE void multiply(const int compact, const int rows, const product *p, long row, const uint8_t *block,
                     const uint8_t *ahead, long output, long outputs) {
  const uint16_t *src = p->src + row * p->src_stride;
  const long src_stride = p->src_stride;
  __m512 sums[ROWS_MAX][REGISTERS];
  UNROLLED for (int r = 0; r < rows; r++) {
    UNROLLED for (int i = 0; i < REGISTERS; i++) sums[r][i] = _mm512_setzero_ps();
  }
  if (compact) {
    const __m512i table = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i *)block));
    const uint64_t *flags = (const uint64_t *)(block + HEADER_BYTES);
    const uint8_t *group = first_group(block, p->groups);
    const long distance = ahead - group;
    for (long left = p->groups; left > 0; left -= 64) {
      uint64_t plain = *flags++;
      for (long n = left < 64 ? left : 64; n > 0; n--, plain >>= 1, src += 2) {
        __m512i weights[REGISTERS];
        UNROLLED for (int i = 0; i < 3; i++) _mm_prefetch(group + distance + 64 * i, _MM_HINT_T0);
        if (__builtin_expect(plain & 1, 0)) {
          load(group, weights);
          group += PLAIN_BYTES;
        } else {
          unpack(group, table, weights);
          group += COMPACT_BYTES;
        }
        add(rows, src, src_stride, weights, sums);
      }
    }
  } else {
    const uint8_t *group = block;
    const long distance = ahead - group;
    for (long n = p->groups; n > 0; n--, src += 2, group += PLAIN_BYTES) {
      __m512i weights[REGISTERS];
      UNROLLED for (int i = 0; i < REGISTERS; i++) _mm_prefetch(group + distance + 64 * i, _MM_HINT_T0);
      load(group, weights);
      add(rows, src, src_stride, weights, sums);
    }
  }
  const long here = outputs - output;
  const uint64_t all = here >= BLOCK_OUTPUTS ? ~0ull : (1ull << here) - 1;
  float *dst = p->dst + row * p->dst_stride + output;
  UNROLLED for (int r = 0; r < rows; r++) {
    UNROLLED for (int i = 0; i < REGISTERS; i++) {
      const __mmask16 mask = all >> 16 * i;
      if (p->adding) sums[r][i] = _mm512_add_ps(sums[r][i], _mm512_maskz_loadu_ps(mask, dst + 16 * i));
      _mm512_mask_storeu_ps(dst + 16 * i, mask, sums[r][i]);
    }
    dst += p->dst_stride;
  }
}

INLINE void multiply_all(const int compact, const product *p, long rows, const uint8_t *panel, long outputs,
                         const uint8_t *upcoming) {
  const long passes = (rows + ROWS_MAX - 1) / ROWS_MAX;
  const uint8_t *block = panel;
  for (long output = 0; output < outputs; output += BLOCK_OUTPUTS) {
    const uint8_t *group = compact ? first_group(block, p->groups) : block;
    const uint8_t *next = block + (compact ? *(const uint32_t *)(block + 16) : p->groups * PLAIN_BYTES);
    const uint8_t *after = output + BLOCK_OUTPUTS < outputs ? next : upcoming;
    long row = 0;
    for (long pass = 0; pass < passes; pass++) {
      // Passes of nearly equal size: one to three rows take as long as four.
      const long count = (rows - row + passes - pass - 1) / (passes - pass);
      // The first pass waits for this block, the last one lets the next block come while it computes.
      const uint8_t *ahead = group + READ_AHEAD_BYTES;
      if (pass > 0) ahead = pass == passes - 1 && after ? after : group;
#define PASS(n) \
  case n: multiply(compact, n, p, row, block, ahead, output, outputs); break;
      switch (count) { PASS(1) PASS(2) PASS(3) PASS(4) PASS(5) PASS(6) }
      row += count;
    }
    block = next;
  }
  if (passes == 1 && upcoming) {
    for (long at = 0; at < READ_AHEAD_BYTES; at += 64) _mm_prefetch(upcoming + at, _MM_HINT_T0);
  }
}

#define EXPORTED __attribute__((visibility("default")))

// `rows` rows of `inputs` bfloat16, one every `src_stride` elements, times a panel of `outputs` outputs, into floats, a
// row every `dst_stride`. `inputs` is even, and blocks are not padded beyond it. Reads and writes nothing beyond these
// rows and outputs. `upcoming` is null or a panel that this thread probably needs next.

EXPORTED void mr_compact_product(long rows, const uint16_t *src, long src_stride, long inputs, const uint8_t *panel,
                                 long outputs, float *dst, long dst_stride, int adding, const uint8_t *upcoming) {
  const product p = {src, src_stride, inputs / 2, dst, dst_stride, adding};
  multiply_all(1, &p, rows, panel, outputs, upcoming);
}

EXPORTED void mr_plain_product(long rows, const uint16_t *src, long src_stride, long inputs, const uint8_t *panel,
                               long outputs, float *dst, long dst_stride, int adding, const uint8_t *upcoming) {
  const product p = {src, src_stride, inputs / 2, dst, dst_stride, adding};
  multiply_all(0, &p, rows, panel, outputs, upcoming);
}
