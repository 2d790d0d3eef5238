// e4m3 weights with one scale per channel, e4m3 rows with one scale per row.
//
// wgmma multiplies them as they are (gemm_wgmma.cuh). Elsewhere both are widened to f16 in registers and multiplied in f16
// with f32 sums: the widening moves bits only (value * 2^-8, exact for all finite codes, subnormals included) and the
// epilogue takes the 2^16 back. sm_90 and sm_100 have no mma.sync for e4m3 either, the compiler would widen in the same way.
#pragma once

#include "millrace/gemm_bf16.cuh"
#include "millrace/gemm_epilogues.cuh"

/** Bytes 1 and 3 of a word as two f16 of 2^-8 times their value. */
MR_DEVICE uint32_t mr_widen_odd(uint32_t word) { return (word & 0x80008000u) | (word & 0x7f007f00u) >> 1; }

/** Bytes 0 and 2. */
MR_DEVICE uint32_t mr_widen_even(uint32_t word) { return mr_widen_odd(word << 8); }

struct MrFormatFp8 : MrTiledFormat<128, MR_WGMMA_E4M3> {
  /**
   * sums += weights * x over one K step. A register holds four consecutive k; of every 32, the even ones of all
   * registers go first, then the odd ones: the same k on both sides, and one order for all tile sizes.
   */
  template <int M, int N>
  MR_DEVICE void multiply(float (&sums)[M][N][4], const uint8_t* weights, const uint8_t* x, int firstRow,
                          int firstColumn, const MrGemmTask&, int) {
#pragma unroll
    for (int k = 0; k < 4; k++) {
      uint32_t even[M][4], odd[M][4];
      mr_load_a<M>(even, weights, firstRow, k);
#pragma unroll
      for (int m = 0; m < M; m++)
#pragma unroll
        for (int i = 0; i < 4; i++) {
          odd[m][i] = mr_widen_odd(even[m][i]);
          even[m][i] = mr_widen_even(even[m][i]);
        }
      mr_for_each_b<N>(x, firstColumn, k, [&](int n, const uint32_t(&b)[2]) {
        const uint32_t evenB[2] = {mr_widen_even(b[0]), mr_widen_even(b[1])};
        const uint32_t oddB[2] = {mr_widen_odd(b[0]), mr_widen_odd(b[1])};
#pragma unroll
        for (int m = 0; m < M; m++) mr_mma_f16_16816(sums[m][n], even[m], evenB);
#pragma unroll
        for (int m = 0; m < M; m++) mr_mma_f16_16816(sums[m][n], odd[m], oddB);
      });
    }
  }
};

/** What the sums lack: the widening's 2^-8 of both sides. */
constexpr float kMrFp8Factor = MR_HAS_WGMMA ? 1.0f : 65536.0f;

/** result = (sum * 2^16 * scale of the channel) * scale of the row of x. */
struct MrScaledFp8 {
  const float* xScale;

  MR_DEVICE float ofRow(const MrScaledFp8& scale, int source) { return scale.xScale[source]; }
  MR_DEVICE float ofChannel(const MrGemmTask& task, int group, int channel) {
    const uint8_t* base = reinterpret_cast<const uint8_t*>(task.weights[group]);
    const float* scales = reinterpret_cast<const float*>(base + (size_t)task.packedRows * task.k);
    return channel < task.packedRows ? scales[channel] * kMrFp8Factor : 0.0f;
  }
  MR_DEVICE float apply(float sum, float ofChannel, float ofRow) { return sum * ofChannel * ofRow; }
};
