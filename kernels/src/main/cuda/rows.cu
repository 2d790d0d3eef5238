// Rows as they are: embedding gather, conversions between storage types, the rows that a step keeps.
#include "millrace/device.cuh"
#include "millrace/step.cuh"
#include "millrace/terms.cuh"

namespace {
constexpr int ROWS_THREADS = 256;
constexpr int KEEP_THREADS = 64;
constexpr int KEEP_BATCH = 8;

MR_DEVICE float4 mr_four(uint2 packed) {
  return make_float4(mr_as_f32(packed.x << 16), mr_as_f32(packed.x & 0xffff0000u), mr_as_f32(packed.y << 16),
                     mr_as_f32(packed.y & 0xffff0000u));
}
MR_DEVICE float4 mr_four(float4 four) { return four; }

// Four is what four elements of the table are.
template <class Four>
MR_DEVICE void mr_embed_rows(const void* table, float* hidden, const int32_t* step, int width) {
  const int row = blockIdx.x;
  if (row >= mr_step_rows(step)) return;
  const int token = mr_step_row(step, row).token;
  const Four* from = static_cast<const Four*>(table) + (int64_t)token * width / 4;
  float4* to = reinterpret_cast<float4*>(hidden + (int64_t)row * width);
  for (int i = threadIdx.x; i < width / 4; i += ROWS_THREADS) to[i] = mr_four(from[i]);
}
}  // namespace

// hidden[t] = table[token[t]]
//
//   table    bf16 [V, H]     hidden   f32 [T, H]     width = H, a multiple of 4
//   grid     (rows of the bucket)    block 256    shared 0
//   bytes    T * H * 6; no arithmetic: exact
//   bounds   the caller has checked every token against V
//   test     rows_test: embed
MR_KERNEL mr_embed(const uint16_t* __restrict__ table, float* __restrict__ hidden,
                   const int32_t* __restrict__ step, int32_t width) {
  mr_embed_rows<uint2>(table, hidden, step, width);
}
MR_EXPORT(mr_embed)

// The same from a table in f32. Bytes T * H * 8. Test: rows_test: embed
MR_KERNEL mr_embed_f32(const float* __restrict__ table, float* __restrict__ hidden, const int32_t* __restrict__ step,
                       int32_t width) {
  mr_embed_rows<float4>(table, hidden, step, width);
}
MR_EXPORT(mr_embed_f32)

// out[r] = in[r], bf16 to f32, rows apart by strides
//
//   in       bf16, row r at r * inStride elements     out   f32, row r at r * outStride
//   grid     (rows)    block 256    shared 0          any width and strides
//   bytes    rows * width * 6; exact
//   test     rows_test: convert
MR_KERNEL mr_rows_to_f32(const uint16_t* __restrict__ in, float* __restrict__ out, int64_t inStride,
                         int64_t outStride, int32_t width) {
  const uint16_t* from = in + blockIdx.x * inStride;
  float* to = out + blockIdx.x * outStride;
  for (int i = threadIdx.x; i < width; i += ROWS_THREADS) to[i] = mr_bf16_to_f32(from[i]);
}
MR_EXPORT(mr_rows_to_f32)

// out[r] = in[r], f32 to bf16, to nearest even, rows apart by strides
//
//   in       f32, row r at r * inStride elements      out   bf16, row r at r * outStride
//   grid     (rows)    block 256    shared 0          any width and strides
//   bytes    rows * width * 6
//   test     rows_test: convert
MR_KERNEL mr_rows_to_bf16(const float* __restrict__ in, uint16_t* __restrict__ out, int64_t inStride,
                          int64_t outStride, int32_t width) {
  const float* from = in + blockIdx.x * inStride;
  uint16_t* to = out + blockIdx.x * outStride;
  for (int i = threadIdx.x; i < width; i += ROWS_THREADS) to[i] = mr_f32_to_bf16(from[i]);
}
MR_EXPORT(mr_rows_to_bf16)

// out[p][r] = term p of in[r], p = 0, 1, 2: f32 as a sum of three bf16 (terms.cuh)
//
//   in       f32 [rows, width]    out   bf16, three planes `plane` elements apart, each [rows, width]
//   grid     (rows)    block 256    shared 0          width and plane: multiples of 4
//   bytes    rows * width * 10
//   bounds   terms.cuh: exact but for numbers below 2^-110
//   test     rows_test: terms
MR_KERNEL mr_rows_to_terms(const float* __restrict__ in, uint16_t* __restrict__ out, int64_t plane, int32_t width) {
  const int64_t at = (int64_t)blockIdx.x * width;
  const float4* from = reinterpret_cast<const float4*>(in + at);
  for (int i = threadIdx.x; i < width / 4; i += ROWS_THREADS) mr_store_terms(out + at + 4 * i, plane, from[i]);
}
MR_EXPORT(mr_rows_to_terms)

// rows[i] = rows[kept[i]] for i < S, in place
//
//   rows     rows of any type, seen as 16-byte words: [T, words]; rows S .. T - 1 are left as they are
//   kept     a selection (step.cuh) of S rows, ascending without repeats, each below T
//   words    16-byte words of a row
//   grid     (ceil(words / 64))    block 64    shared 0
//   bytes    32 * words * S; exact
//   order    a thread moves one column, 8 rows at a time, and has read all 8 before it writes the first. The rows
//            ascend, so kept[i] >= i: a batch that ends with row i writes no row above i, and later batches read
//            rows above kept[i] only. Columns are apart, so no thread waits for another
//   test     rows_test: keep
MR_KERNEL mr_rows_keep(uint4* rows, const int32_t* __restrict__ kept, int32_t words) {
  const int column = blockIdx.x * KEEP_THREADS + threadIdx.x;
  if (column >= words) return;
  const int count = mr_selection_count(kept);
  for (int first = 0; first < count; first += KEEP_BATCH) {
    uint4 batch[KEEP_BATCH];
#pragma unroll
    for (int i = 0; i < KEEP_BATCH; i++) {
      // beyond the end the last row again: loads without a branch all start at once
      const int row = mr_selection_row(kept, min(first + i, count - 1));
      batch[i] = rows[(int64_t)row * words + column];
    }
#pragma unroll
    for (int i = 0; i < KEEP_BATCH; i++) {
      if (first + i < count) rows[(int64_t)(first + i) * words + column] = batch[i];
    }
  }
}
MR_EXPORT(mr_rows_keep)
