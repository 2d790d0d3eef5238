// bf16 weights, bf16 rows.
#pragma once

#include "millrace/gemm.cuh"
#include "millrace/gemm_fragments.cuh"

struct MrFormatBf16 {
  static constexpr int kStep = 64;
  static constexpr int kStageBytes = kMrTileBytes;

  /** Copies 64 rows of one K step: a packed tile is the stage's content as it stands. */
  MR_DEVICE void load(uint8_t* stage, const uint8_t* base, const MrGemmTask& task, int channel, int step,
                             bool there) {
    const size_t tile = (size_t)(channel / kMrTileRows) * (task.k / kStep) + step;
    const uint8_t* from = there ? base + tile * kMrTileBytes : base;
#pragma unroll
    for (int i = threadIdx.x * 16; i < kMrTileBytes; i += kMrGemmThreads * 16) {
      mr_cp_async16(stage + i, from + i, there);
    }
  }

  /** sums += weights * x over one K step, k ascending. */
  template <int M, int N>
  MR_DEVICE void multiply(float (&sums)[M][N][4], const uint8_t* weights, const uint8_t* x, int firstRow,
                                 int firstColumn, const MrGemmTask&, int) {
#pragma unroll
    for (int k = 0; k < 4; k++) {
      uint32_t a[M][4], b[N][2];
      mr_load_a<M>(a, weights, firstRow, k);
      mr_load_b<N>(b, x, firstColumn, k);
#pragma unroll
      for (int m = 0; m < M; m++)
#pragma unroll
        for (int n = 0; n < N; n++) mr_mma_bf16_16816(sums[m][n], a[m], b[n]);
    }
  }
};
