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

// The largest magnitude among all threads' values, as bits: those of a number without its sign order as the numbers
// do, and an infinity or a NaN anywhere shows as 0x7f800000 or more. `partials` as above.
template <int WARPS>
MR_DEVICE uint32_t mr_block_largest(uint32_t magnitude, uint32_t* partials) {
#pragma unroll
  for (int offset = 16; offset; offset >>= 1) {
    magnitude = max(magnitude, __shfl_xor_sync(MR_ALL_LANES, magnitude, offset));
  }
  if ((threadIdx.x & 31) == 0) partials[threadIdx.x >> 5] = magnitude;
  __syncthreads();
  uint32_t largest = partials[0];
#pragma unroll
  for (int warp = 1; warp < WARPS; warp++) largest = max(largest, partials[warp]);
  return largest;
}

MR_DEVICE uint32_t mr_magnitude(float4 four) {
  const uint32_t x = mr_as_u32(four.x) & 0x7fffffffu, y = mr_as_u32(four.y) & 0x7fffffffu;
  const uint32_t z = mr_as_u32(four.z) & 0x7fffffffu, w = mr_as_u32(four.w) & 0x7fffffffu;
  return max(max(x, y), max(z, w));
}

// How a row becomes e4m3: codes of value * factor, and the scale that brings them back. A row whose largest value is
// at most 1e-30 becomes zeros; one that holds an infinity or a NaN gets a scale that is none, since a code could not
// carry it through a product.
struct MrRowScale {
  float factor, scale;
};

MR_DEVICE MrRowScale mr_row_scale(uint32_t largest) {
  const float most = mr_as_f32(largest);
  if (largest >= 0x7f800000u) return {0.0f, mr_as_f32(0x7fc00000u)};
  if (most <= 1e-30f) return {0.0f, 0.0f};
  return {448.0f / most, most / 448.0f};
}

// Four codes, the first in the lowest byte.
MR_DEVICE uint32_t mr_quantized(float4 four, float factor) {
  return (uint32_t)mr_f32_to_e4m3(mr_mul(four.x, factor)) | (uint32_t)mr_f32_to_e4m3(mr_mul(four.y, factor)) << 8 |
         (uint32_t)mr_f32_to_e4m3(mr_mul(four.z, factor)) << 16 |
         (uint32_t)mr_f32_to_e4m3(mr_mul(four.w, factor)) << 24;
}
