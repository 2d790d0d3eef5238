// Test kernels: the instructions on f16 and bf16 pairs that products of quantised weights use.
#include "millrace/device.cuh"

// d[warp][lane][4] += mma(a[warp][lane][4], b[warp][lane][2]), fragments of m16n8k16 with f16 operands. One warp a block.
MR_KERNEL test_mma_f16(float* d, const uint32_t* a, const uint32_t* b) {
  const size_t lane = static_cast<size_t>(blockIdx.x) * 32 + threadIdx.x;
  float sums[4];
  uint32_t left[4], right[2];
  for (int i = 0; i < 4; i++) sums[i] = d[lane * 4 + i];
  for (int i = 0; i < 4; i++) left[i] = a[lane * 4 + i];
  for (int i = 0; i < 2; i++) right[i] = b[lane * 2 + i];
  mr_mma_f16_16816(sums, left, right);
  for (int i = 0; i < 4; i++) d[lane * 4 + i] = sums[i];
}
MR_EXPORT(test_mma_f16)

// out[i] = a[i] * b[i] + c[i] in both bf16 halves.
MR_KERNEL test_fma_bf16x2(uint32_t* out, const uint32_t* a, const uint32_t* b, const uint32_t* c, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = mr_fma_bf16x2(a[i], b[i], c[i]);
}
MR_EXPORT(test_fma_bf16x2)
