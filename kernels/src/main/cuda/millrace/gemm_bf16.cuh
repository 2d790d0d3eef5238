// bf16 weights, bf16 rows.
#pragma once

#include "millrace/gemm.cuh"
#include "millrace/gemm_fragments.cuh"

/** Copies one K step of 64 rows from a packed matrix of 128-byte rows: the tile is the stage's content as it stands. */
MR_DEVICE void mr_load_tile(uint8_t* stage, const uint8_t* tile, bool there) {
#pragma unroll
  for (int i = threadIdx.x * 16; i < kMrTileBytes; i += kMrGemmThreads * 16) {
    mr_cp_async16(stage + i, tile + i, there);
  }
}

/** A packed matrix whose K steps of 64 rows lie one after another as the stages want them. */
template <int STEP, MrWgmma WGMMA>
struct MrTiledFormat {
  static constexpr int kStep = STEP;
  static constexpr int kStageBytes = kMrTileBytes;
  static constexpr MrWgmma kWgmma = WGMMA;

  MR_DEVICE void load(uint8_t* stage, const uint8_t* base, const MrGemmTask& task, int channel, int step, bool there) {
    const size_t tile = (size_t)(channel / kMrTileRows) * (task.k / kStep) + step;
    mr_load_tile(stage, there ? base + tile * kMrTileBytes : base, there);
  }
};

struct MrFormatBf16 : MrTiledFormat<64, MR_WGMMA_BF16> {
  /** sums += weights * x over one K step, k ascending. */
  template <int M, int N>
  MR_DEVICE void multiply(float (&sums)[M][N][4], const uint8_t* weights, const uint8_t* x, int firstRow,
                          int firstColumn, const MrGemmTask&, int) {
#pragma unroll
    for (int k = 0; k < 4; k++) {
      uint32_t a[M][4];
      mr_load_a<M>(a, weights, firstRow, k);
      mr_for_each_b<N>(x, firstColumn, k, [&](int n, const uint32_t(&b)[2]) {
#pragma unroll
        for (int m = 0; m < M; m++) mr_mma_bf16_16816(sums[m][n], a[m], b);
      });
    }
  }
};
