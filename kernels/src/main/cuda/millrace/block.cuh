// Reductions over a block, in a fixed order: the same bits for the same values, whatever the order in
// which threads run. The number of threads is a constant of the kernel, never of the load.
#pragma once

#include "millrace/device.cuh"

// Sum over all threads of a block of WARPS warps; every thread gets the same bits. `partials` has WARPS
// elements and may be used again after the next barrier of the caller.
template <int WARPS>
MR_DEVICE float mr_block_sum(float value, float* partials) {
  value = mr_warp_sum(value);
  if ((threadIdx.x & 31) == 0) partials[threadIdx.x >> 5] = value;
  __syncthreads();
  float sum = partials[0];
#pragma unroll
  for (int warp = 1; warp < WARPS; warp++) sum = mr_add(sum, partials[warp]);
  return sum;
}

// The same for the largest value. A NaN is passed over.
template <int WARPS>
MR_DEVICE float mr_block_max(float value, float* partials) {
  value = mr_warp_max(value);
  if ((threadIdx.x & 31) == 0) partials[threadIdx.x >> 5] = value;
  __syncthreads();
  float largest = partials[0];
#pragma unroll
  for (int warp = 1; warp < WARPS; warp++) largest = mr_max(largest, partials[warp]);
  return largest;
}

// Four values as e4m3, the first in the lowest byte.
MR_DEVICE uint32_t mr_pack_e4m3(float a, float b, float c, float d) {
  return (uint32_t)mr_f32_to_e4m3(a) | (uint32_t)mr_f32_to_e4m3(b) << 8 |
         (uint32_t)mr_f32_to_e4m3(c) << 16 | (uint32_t)mr_f32_to_e4m3(d) << 24;
}
