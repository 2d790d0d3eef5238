// 4-bit weights in groups along k, bf16 rows: weight = bf16((nibble - zero) * scale), rounded to nearest even.
//
// The nibbles become bf16 in registers: 0x4300 | nibble is 128 + nibble; 128 + zero is subtracted exactly; the product
// with the bf16 scale is rounded once. So the result has the bits of the bf16 product with the dequantised matrix, and a
// dequantised copy may stand in at any time.
#pragma once

#include "millrace/gemm.cuh"
#include "millrace/gemm_fragments.cuh"

struct MrFormatInt4 {
  static constexpr int kStep = kMrInt4Step;
  static constexpr MrWgmma kWgmma = MR_WGMMA_REGISTERS;
  // of one K step: nibbles, then scales (and zeros) of two groups; larger groups use the first
  static constexpr int kScales = kMrInt4TileBytes;
  static constexpr int kZeros = kScales + 2 * kMrTileRows * 2;
  static constexpr int kStageBytes = kZeros + 2 * kMrTileRows;

  MR_DEVICE void load(uint8_t* stage, const uint8_t* base, const MrGemmTask& task, int channel, int step, bool there) {
    const int thread = threadIdx.x;
    const size_t tile = (size_t)(channel / kMrTileRows) * (task.k / kStep) + step;
    mr_cp_async16(stage + thread * 16, there ? base + tile * kMrInt4TileBytes + thread * 16 : base, there);
    const int groupsOfStep = task.group < kStep ? kStep / task.group : 1;
    const int group = step * kStep / task.group;
    const uint8_t* scales = base + (size_t)task.packedRows * task.k / 2;
    if (thread < groupsOfStep * 8) {
      const uint8_t* from = scales + ((size_t)(group + thread / 8) * task.packedRows + channel) * 2 + thread % 8 * 16;
      mr_cp_async16(stage + kScales + thread * 16, there ? from : base, there);
    } else if (task.asymmetric && thread >= 32 && thread < 32 + groupsOfStep * 4) {
      const int piece = thread - 32;
      const int groups = (task.k + task.group - 1) / task.group;
      const uint8_t* zeros = scales + (size_t)groups * task.packedRows * 2;
      const uint8_t* from = zeros + (size_t)(group + piece / 4) * task.packedRows + channel + piece % 4 * 16;
      mr_cp_async16(stage + kZeros + piece * 16, there ? from : base, there);
    }
  }

  template <int M, int N>
  MR_DEVICE void multiply(float (&sums)[M][N][4], const uint8_t* weights, const uint8_t* x, int firstRow,
                          int firstColumn, const MrGemmTask& task, int) {
    const uint8_t* tile = weights + firstRow / kMrTileRows * kStageBytes;
    const int firstBlock = firstRow % kMrTileRows / 16;
    uint4 nibbles[M];
    uint32_t scale[M][2], zero[M][2];
#pragma unroll
    for (int m = 0; m < M; m++) nibbles[m] = readNibbles(tile, firstBlock + m);
#pragma unroll
    for (int k = 0; k < 4; k++) {
      uint32_t a[M][4];
#pragma unroll
      for (int m = 0; m < M; m++) {
        if (k % 2 == 0) readScales(scale[m], zero[m], tile, firstBlock + m, k / 2, task);
        dequantise(a[m], word(nibbles[m], k), scale[m], zero[m]);
      }
      mr_for_each_b<N>(x, firstColumn, k, [&](int n, const uint32_t(&b)[2]) {
#pragma unroll
        for (int m = 0; m < M; m++) mr_mma_bf16_16816(sums[m][n], a[m], b);
      });
    }
  }

  /** For wgmma: the A fragments of the K step of this warp's 16 of 64 rows. */
  MR_DEVICE void fragments(uint32_t (&a)[4][4], const uint8_t* tile, const MrGemmTask& task) {
    const int block = threadIdx.x >> 5;
    const uint4 nibbles = readNibbles(tile, block);
    uint32_t scale[2], zero[2];
#pragma unroll
    for (int k = 0; k < 4; k++) {
      if (k % 2 == 0) readScales(scale, zero, tile, block, k / 2, task);
      dequantise(a[k], word(nibbles, k), scale, zero);
    }
  }

  /** This lane's nibbles of a block of 16 rows. */
  MR_DEVICE uint4 readNibbles(const uint8_t* tile, int block) {
    return *reinterpret_cast<const uint4*>(tile + (block * 32 + (threadIdx.x & 31)) * 16);
  }

  MR_DEVICE uint32_t word(const uint4& nibbles, int k) {
    return k == 0 ? nibbles.x : k == 1 ? nibbles.y : k == 2 ? nibbles.z : nibbles.w;
  }

  /** An A fragment from its eight nibbles. */
  MR_DEVICE void dequantise(uint32_t (&a)[4], uint32_t word, const uint32_t (&scale)[2], const uint32_t (&zero)[2]) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const uint32_t raised = (word >> (4 * i) & 0x000f000fu) | 0x43004300u;
      const uint32_t centred = mr_fma_bf16x2(raised, 0x3f803f80u, zero[i & 1]);
      a[i] = mr_fma_bf16x2(centred, scale[i & 1], 0x80008000u);
    }
  }

  /** Scale and -(128 + zero) of this lane's two rows of a block, twice in a word each, for half a K step. */
  MR_DEVICE void readScales(uint32_t (&scale)[2], uint32_t (&zero)[2], const uint8_t* tile, int block, int half,
                            const MrGemmTask& task) {
    const int group = task.group < kStep ? half : 0;
    const uint16_t* scales = reinterpret_cast<const uint16_t*>(tile + kScales) + group * kMrTileRows;
    const uint8_t* zeros = tile + kZeros + group * kMrTileRows;
#pragma unroll
    for (int i = 0; i < 2; i++) {
      const int row = block * 16 + i * 8 + (threadIdx.x >> 2 & 7);
      scale[i] = scales[row] * 0x10001u;
      zero[i] = (0xc300u + (task.asymmetric ? zeros[row] : 8u)) * 0x10001u;
    }
  }
};
