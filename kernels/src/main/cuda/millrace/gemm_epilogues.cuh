// What happens to the accumulators of a tile.
//
// A thread holds, of each 16 x 8 block: channels g and g + 8 (g = lane / 4) of rows 2 t and 2 t + 1 (t = lane % 4).
// Eight lanes write 32 bytes of consecutive f32 channels: whole memory sectors.
#pragma once

#include "millrace/gemm.cuh"

/**
 * Calls write(row, scaled) for each of the thread's rows that its group has, where
 * scaled(m, half) is the scaled sum of the row at channel firstChannel + 16 m + 8 half + g.
 */
template <class Scale, int M, int N, class Write>
MR_DEVICE void mr_for_each_row(const Scale& scale, const float (&sums)[M][N][4], const MrGemmTask& task,
                               const MrTilePlace& place, int firstChannel, int firstRow, const int32_t* source,
                               Write write) {
  const int lane = threadIdx.x & 31;
  float channelFactor[M][2];
#pragma unroll
  for (int m = 0; m < M; m++)
#pragma unroll
    for (int half = 0; half < 2; half++) {
      channelFactor[m][half] = Scale::ofChannel(task, place.group, firstChannel + m * 16 + half * 8 + (lane >> 2));
    }
#pragma unroll
  for (int column = 0; column < N; column++) {
#pragma unroll
    for (int odd = 0; odd < 2; odd++) {
      const int inTile = firstRow + column * 8 + (lane & 3) * 2 + odd;
      const int row = place.firstRow + inTile;
      if (row >= place.lastRow) continue;
      const float factor = Scale::ofRow(scale, source[inTile]);
      write(row, [&](int m, int half) {
        return Scale::apply(sums[m][column][half * 2 + odd], channelFactor[m][half], factor);
      });
    }
  }
}

/** out[target[row]][channel] = sum, or += sum. */
template <class Scale>
struct MrToRows {
  float* out;
  const int32_t* target;
  int n, ldo, add;
  Scale scale;

  template <int M, int N>
  MR_DEVICE void finish(const MrToRows& to, const float (&sums)[M][N][4], const MrGemmTask& task,
                        const MrTilePlace& place, int firstChannel, int firstRow, const int32_t* source) {
    const int first = firstChannel + ((threadIdx.x & 31) >> 2);
    mr_for_each_row(to.scale, sums, task, place, firstChannel, firstRow, source, [&](int row, auto scaled) {
      float* out = to.out + (size_t)(to.target ? to.target[row] : row) * to.ldo;
#pragma unroll
      for (int m = 0; m < M; m++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
          const int channel = first + m * 16 + half * 8;
          if (channel >= to.n) continue;
          const float value = scaled(m, half);
          out[channel] = to.add ? out[channel] + value : value;
        }
      }
    });
  }
};

/** out[row][channel] = bf16(silu(g) * u), g = score[row] * gate sum, u = score[row] * up sum. */
template <class Scale>
struct MrToSwiglu {
  uint16_t* out;
  const float* score;
  int n, ldo;
  Scale scale;

  template <int M, int N>
  MR_DEVICE void finish(const MrToSwiglu& to, const float (&sums)[M][N][4], const MrGemmTask& task,
                        const MrTilePlace& place, int firstChannel, int firstRow, const int32_t* source) {
    const int g = (threadIdx.x & 31) >> 2;
    mr_for_each_row(to.scale, sums, task, place, firstChannel, firstRow, source, [&](int row, auto scaled) {
      uint16_t* out = to.out + (size_t)row * to.ldo;
      const float weight = to.score ? to.score[row] : 1.0f;
#pragma unroll
      for (int m = 0; m < M; m++) {
        const int channel = (firstChannel + m * 16) / 2 + g;
        if (channel >= to.n) continue;
        const float gate = weight * scaled(m, 0);
        const float up = weight * scaled(m, 1);
        out[channel] = mr_f32_to_bf16(gate / (1.0f + mr_exp(-gate)) * up);
      }
    });
  }
};

/** Sums are the result: bf16, and int4 whose scales are in the weights. */
struct MrUnscaled {
  MR_DEVICE float ofRow(const MrUnscaled&, int) { return 1.0f; }
  MR_DEVICE float ofChannel(const MrGemmTask&, int, int) { return 1.0f; }
  MR_DEVICE float apply(float sum, float, float) { return sum; }
};
