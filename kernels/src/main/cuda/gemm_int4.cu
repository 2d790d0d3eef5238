// Matrix products with 4-bit weights in groups, bf16 rows.
//
// mr_gemm_int4_n{8,16,32,64,128}, mr_swiglu_int4_n{8,16,32,64,128}
//   as mr_gemm_bf16 and mr_swiglu_bf16 (gemm_bf16.cu) with
//   weight[c][k] = bf16((nibble[c][k] - zero[k / group][c]) * scale[k / group][c])
//   and the same bits as those on the dequantised matrix, on one chip.
//
// Parameters as there, and at the end:
//   int32 group             columns that share a scale: 32 or a multiple of 64
//   int32 asymmetric        1: the packed matrix has zeros; 0: every zero is 8
//
// Launch: as there, with
//   N                                8      16     32     64     128
//   dynamic shared bytes             23552  29696  41984  54272  66560
//   resident blocks, H200 / A100     9 / 6  7 / 5  4 / 3  2 / 2  2 / 2
// Instructions: mma.sync; on 9.0 wgmma with the weights in registers (gemm_wgmma.cuh), same launch.
// Bytes: nibbles, scales and zeros of the non-empty groups once. FLOP: 2 * rows * packedRows * k.
// Test: src/test/cpp/gemm_test.cpp
#include "millrace/gemm_epilogues.cuh"
#include "millrace/gemm_int4.cuh"

#define MR_GEMM_INT4(N, BLOCKS, SHARED)                                                                                \
  static_assert(sizeof(MrGemmShared<MrFormatInt4, N>) == SHARED, "fact box");                                          \
                                                                                                                       \
  MR_KERNEL __launch_bounds__(kMrGemmThreads, BLOCKS)                                                                  \
      mr_gemm_int4_n##N(float* out, const uint16_t* x, const uint64_t* weights, const int32_t* offsets,                \
                        const int32_t* rows, const int32_t* source, const int32_t* target, int32_t groups, int32_t n,  \
                        int32_t packedRows, int32_t k, int32_t ldx, int32_t ldo, int32_t add, int32_t group, int32_t asymmetric) {\
    using Shared = MrGemmShared<MrFormatInt4, N>;                                                                      \
    MR_SHARED(Shared, shared);                                                                                         \
    const MrGemmTask task = {reinterpret_cast<const uint8_t*>(x), weights, offsets, rows, source, groups, packedRows,  \
                             k, ldx * 2, group, asymmetric};                                                           \
    mr_gemm<MrFormatInt4, N>(shared, task, MrToRows<MrUnscaled>{out, target, n, ldo, add, {}});                        \
  }                                                                                                                    \
  MR_EXPORT(mr_gemm_int4_n##N)                                                                                         \
                                                                                                                       \
  MR_KERNEL __launch_bounds__(kMrGemmThreads, BLOCKS)                                                                  \
      mr_swiglu_int4_n##N(uint16_t* out, const uint16_t* x, const uint64_t* weights, const int32_t* offsets,           \
                          const int32_t* rows, const int32_t* source, const float* score, int32_t groups, int32_t n,   \
                          int32_t packedRows, int32_t k, int32_t ldx, int32_t ldo, int32_t group, int32_t asymmetric) {\
    using Shared = MrGemmShared<MrFormatInt4, N>;                                                                      \
    MR_SHARED(Shared, shared);                                                                                         \
    const MrGemmTask task = {reinterpret_cast<const uint8_t*>(x), weights, offsets, rows, source, groups, packedRows,  \
                             k, ldx * 2, group, asymmetric};                                                           \
    mr_gemm<MrFormatInt4, N>(shared, task, MrToSwiglu<MrUnscaled>{out, score, n, ldo, {}});                            \
  }                                                                                                                    \
  MR_EXPORT(mr_swiglu_int4_n##N)

MR_GEMM_INT4(8, 5, 23552)
MR_GEMM_INT4(16, 5, 29696)
MR_GEMM_INT4(32, 4, 41984)
MR_GEMM_INT4(64, 2, 54272)
MR_GEMM_INT4(128, 2, 66560)
