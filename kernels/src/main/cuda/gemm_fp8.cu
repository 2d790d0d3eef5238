// Matrix products with fp8 (e4m3) weights and rows: one scale per channel, one per row.
//
// mr_gemm_fp8_n{8,16,32,64,128}, mr_swiglu_fp8_n{8,16,32,64,128}
//   as mr_gemm_bf16 and mr_swiglu_bf16 (gemm_bf16.cu) with products
//   (sum_k weight[c][k] x[row][k]) * scale[c] * xScale[row]
//
// Parameters as there, with these differences:
//   const uint8_t* x        e4m3 [rows of x, ldx], 16-byte aligned; codes of padding columns are 0
//   const float* xScale     behind x: [rows of x], scale of each row of x (not of the sorted row)
//   int32 k                 a multiple of 128
//   int32 ldx               a multiple of 16
// out stays f32 and bf16. mr_quantize_rows_fp8 makes x and xScale, also from what mr_swiglu_fp8 wrote.
// A NaN code in a matrix or in x counts as +-480, on 9.0 as NaN; mr_pack_fp8 counts them, mr_quantize_rows_fp8 puts them
// into xScale.
//
// Launch: as there, the same blocks and shared bytes:
//   N                                8      16     32     64      128
//   dynamic shared bytes             57344  63488  75776  100352  100352
// Sums in f32 over ascending blocks of 32 k, of each block first the even k, then the odd ones. On 9.0 wgmma multiplies
// the codes as they are (gemm_wgmma.cuh, same launch) and keeps fewer bits of a sum than f32 has, about 14.
// Test: src/test/cpp/gemm_test.cpp
#include "millrace/block.cuh"
#include "millrace/gemm_fp8.cuh"

#define MR_GEMM_FP8(N, BLOCKS, SHARED)                                                                                 \
  static_assert(sizeof(MrGemmShared<MrFormatFp8, N>) == SHARED, "fact box");                                           \
                                                                                                                       \
  MR_KERNEL __launch_bounds__(kMrGemmThreads, BLOCKS)                                                                  \
      mr_gemm_fp8_n##N(float* out, const uint8_t* x, const float* xScale, const uint64_t* weights, const int32_t* offsets,\
                        const int32_t* rows, const int32_t* source, const int32_t* target, int32_t groups, int32_t n,  \
                        int32_t packedRows, int32_t k, int32_t ldx, int32_t ldo, int32_t add) {                        \
    using Shared = MrGemmShared<MrFormatFp8, N>;                                                                       \
    MR_SHARED(Shared, shared);                                                                                         \
    const MrGemmTask task = {reinterpret_cast<const uint8_t*>(x), weights, offsets, rows, source, groups, packedRows,  \
                             k, ldx, 0, 0};                                                                            \
    mr_gemm<MrFormatFp8, N>(shared, task, MrToRows<MrScaledFp8>{out, target, n, ldo, add, {xScale}});                  \
  }                                                                                                                    \
  MR_EXPORT(mr_gemm_fp8_n##N)                                                                                          \
                                                                                                                       \
  MR_KERNEL __launch_bounds__(kMrGemmThreads, BLOCKS)                                                                  \
      mr_swiglu_fp8_n##N(uint16_t* out, const uint8_t* x, const float* xScale, const uint64_t* weights, const int32_t* offsets,\
                          const int32_t* rows, const int32_t* source, const float* score, int32_t groups, int32_t n,   \
                          int32_t packedRows, int32_t k, int32_t ldx, int32_t ldo) {                                   \
    using Shared = MrGemmShared<MrFormatFp8, N>;                                                                       \
    MR_SHARED(Shared, shared);                                                                                         \
    const MrGemmTask task = {reinterpret_cast<const uint8_t*>(x), weights, offsets, rows, source, groups, packedRows,  \
                             k, ldx, 0, 0};                                                                            \
    mr_gemm<MrFormatFp8, N>(shared, task, MrToSwiglu<MrScaledFp8>{out, score, n, ldo, {xScale}});                      \
  }                                                                                                                    \
  MR_EXPORT(mr_swiglu_fp8_n##N)

MR_GEMM_FP8(8, 3, 57344)
MR_GEMM_FP8(16, 3, 63488)
MR_GEMM_FP8(32, 3, 75776)
MR_GEMM_FP8(64, 2, 100352)
MR_GEMM_FP8(128, 2, 100352)

// mr_quantize_rows_fp8: scale[r] = max |x[r]| / 448, out[r] = e4m3(x[r] * (448 / max |x[r]|)), nearest even. What a
// norm has just written needs it not: mr_norm_e4m3.
//
//   uint8_t* out            e4m3 [rows, ldo]; columns width .. ldo - 1 become 0
//   float* scale            [rows]; 0 for a row of nothing, NaN for a row that holds a NaN or an infinity: MrRowScale
//   const uint16_t* x       bf16 [rows, ldx], 16-byte aligned
//   const int32_t* rows     rows = rows[0]; for sorted expert rows the last element of their offsets
//   int32 width             columns that count, any
//   int32 ldx               a multiple of 8, at least width
//   int32 ldo               a multiple of 8
//
// Launch: grid any, about ceil(capacity / 4); block 128; no shared memory. A warp has one row at a time.
// Bytes: 4 width per row read (the second time from cache), ldo written. Test: src/test/cpp/gemm_test.cpp
MR_KERNEL __launch_bounds__(128)
    mr_quantize_rows_fp8(uint8_t* out, float* scale, const uint16_t* x, const int32_t* rows, int32_t width, int32_t ldx,
                         int32_t ldo) {
  const int lane = threadIdx.x & 31, count = rows[0];
  for (int row = blockIdx.x * 4 + (threadIdx.x >> 5); row < count; row += gridDim.x * 4) {
    const uint16_t* from = x + (size_t)row * ldx;
    // as integers: magnitudes order like their bits, NaNs above all, so the maximum does not lose them
    uint32_t largest = 0;
    for (int column = lane * 8; column < width; column += 256) {
      const uint4 eight = *reinterpret_cast<const uint4*>(from + column);
      const uint32_t pairs[4] = {eight.x, eight.y, eight.z, eight.w};
#pragma unroll
      for (int i = 0; i < 8; i++) {
        const uint32_t magnitude = (i & 1 ? pairs[i / 2] >> 16 : pairs[i / 2]) & 0x7fffu;
        if (column + i < width) largest = max(largest, magnitude);
      }
    }
#pragma unroll
    for (int step = 16; step; step >>= 1) largest = max(largest, __shfl_xor_sync(MR_ALL_LANES, largest, step));
    const MrRowScale how = mr_row_scale(largest << 16);  // as the bits of an f32
    for (int column = lane * 8; column < ldo; column += 256) {
      uint32_t words[2] = {0, 0};
#pragma unroll
      for (int i = 0; i < 8; i++) {
        if (column + i < width) {
          words[i / 4] |= static_cast<uint32_t>(mr_f32_to_e4m3(mr_mul(mr_bf16_to_f32(from[column + i]), how.factor))) << (8 * (i & 3));
        }
      }
      *reinterpret_cast<uint2*>(out + (size_t)row * ldo + column) = make_uint2(words[0], words[1]);
    }
    if (lane == 0) scale[row] = how.scale;
  }
}
MR_EXPORT(mr_quantize_rows_fp8)
