// Matrix products with bf16 weights.
//
// mr_gemm_bf16_n{8,16,32,64,128}
//   out[target[r]][c] (+)= sum_k weight[c][k] x[source[r]][k]         c < n, rows r of all groups
//
// mr_swiglu_bf16_n{8,16,32,64,128}
//   out[r][c] = bf16(silu(score[r] * gate) * (score[r] * up)), gate and up the products of channel c's two rows;
//   silu(g) = g / (1 + exp(-g)). The score multiplies the sums, which is the expert's input scaled.
//
// Parameters, in order (64-bit addresses unless a type is given):
//   mr_gemm_bf16              mr_swiglu_bf16            meaning
//   float* out                uint16_t* out             [rows of out, ldo]
//   const uint16_t* x         const uint16_t* x         bf16 [rows of x, ldx], 16-byte aligned
//   const uint64_t* weights   const uint64_t* weights   [groups] addresses of packed matrices (packed.cuh)
//   const int32_t* offsets    const int32_t* offsets    [groups + 1] first row of each group and the end of the last;
//                                                       null: one group of rows[0] rows from 0
//   const int32_t* rows       const int32_t* rows       read only if offsets is null
//   const int32_t* source     const int32_t* source     row of x for each row, or null: the row itself
//   const int32_t* target     -                         row of out for each row, or null: the row itself
//   -                         const float* score        factor of each row, or null: 1
//   int32 groups              int32 groups              1 .. 511, with fewer than 65,536 row tiles in all
//   int32 n                   int32 n                   channels written; at most the packed ones
//   int32 packedRows          int32 packedRows          rows of a packed matrix, a multiple of 64; SwiGLU: gates and ups
//   int32 k                   int32 k                   columns of a packed matrix, a multiple of 64
//   int32 ldx                 int32 ldx                 a multiple of 8; columns beyond ldx count as 0, columns of x
//                                                       beyond the matrix's own must be finite (their weights are 0)
//   int32 ldo                 int32 ldo
//   int32 add                 -                         0: store; else add to what is there
//
// Launch: grid any (the result does not depend on it); about the number of tiles
//   sum over groups of ceil(rows / N) * ceil(packedRows / C), C = 64 for N <= 32, else 128,
//   but not more than multiprocessors * resident blocks (below) is best. block 128 threads.
//   N                                8      16     32     64      128
//   dynamic shared bytes             57344  63488  75776  100352  100352
//   resident blocks, H200 / A100     4 / 2  3 / 2  3 / 2  2 / 1   2 / 1
// Which N: any is right and gives the same bits. The smallest that is at least the rows of a usual group, 128 at most.
//
// Groups that differ much in rows (decoding: few rows an expert, all rows the shared one) may be launched apart with
// different N: advance offsets and weights to the first group, all else stays.
//
// Bytes: weights of the non-empty groups once (again from L2 for each further row tile), x and out once or twice.
// FLOP: 2 * rows * packedRows * k. Sums in f32, one chain over ascending k in steps of 16 per element.
// Instructions: mma.sync; on 9.0 wgmma and bulk copies (gemm_wgmma.cuh), same launch.
// Rows and channels beyond the group's are computed on zeros and not stored. No atomics.
// Test: src/test/cpp/gemm_test.cpp
#include "millrace/gemm_bf16.cuh"
#include "millrace/gemm_epilogues.cuh"


#define MR_GEMM_BF16(N, BLOCKS, SHARED)                                                                                \
  static_assert(sizeof(MrGemmShared<MrFormatBf16, N>) == SHARED, "fact box");                                          \
                                                                                                                       \
  MR_KERNEL __launch_bounds__(kMrGemmThreads, BLOCKS)                                                                  \
      mr_gemm_bf16_n##N(float* out, const uint16_t* x, const uint64_t* weights, const int32_t* offsets,                \
                        const int32_t* rows, const int32_t* source, const int32_t* target, int32_t groups, int32_t n,  \
                        int32_t packedRows, int32_t k, int32_t ldx, int32_t ldo, int32_t add) {                        \
    using Shared = MrGemmShared<MrFormatBf16, N>;                                                                      \
    MR_SHARED(Shared, shared);                                                                                         \
    const MrGemmTask task = {reinterpret_cast<const uint8_t*>(x), weights, offsets, rows, source, groups, packedRows,  \
                             k, ldx * 2, 0, 0};                                                                        \
    mr_gemm<MrFormatBf16, N>(shared, task, MrToRows<MrUnscaled>{out, target, n, ldo, add, {}});                        \
  }                                                                                                                    \
  MR_EXPORT(mr_gemm_bf16_n##N)                                                                                         \
                                                                                                                       \
  MR_KERNEL __launch_bounds__(kMrGemmThreads, BLOCKS)                                                                  \
      mr_swiglu_bf16_n##N(uint16_t* out, const uint16_t* x, const uint64_t* weights, const int32_t* offsets,           \
                          const int32_t* rows, const int32_t* source, const float* score, int32_t groups, int32_t n,   \
                          int32_t packedRows, int32_t k, int32_t ldx, int32_t ldo) {                                   \
    using Shared = MrGemmShared<MrFormatBf16, N>;                                                                      \
    MR_SHARED(Shared, shared);                                                                                         \
    const MrGemmTask task = {reinterpret_cast<const uint8_t*>(x), weights, offsets, rows, source, groups, packedRows,  \
                             k, ldx * 2, 0, 0};                                                                        \
    mr_gemm<MrFormatBf16, N>(shared, task, MrToSwiglu<MrUnscaled>{out, score, n, ldo, {}});                            \
  }                                                                                                                    \
  MR_EXPORT(mr_swiglu_bf16_n##N)

MR_GEMM_BF16(8, 3, 57344)
MR_GEMM_BF16(16, 3, 63488)
MR_GEMM_BF16(32, 3, 75776)
MR_GEMM_BF16(64, 2, 100352)
MR_GEMM_BF16(128, 2, 100352)
