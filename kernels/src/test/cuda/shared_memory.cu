// Test kernel: a sum over a block through shared memory, shuffles and a barrier.
#include "millrace/device.cuh"

namespace {
struct BlockSumShared {
  float parts[32];
};
}  // namespace

// out[block] = sum of in[block * n .. block * n + n), one block of any whole number of warps per row.
MR_KERNEL test_block_sum(const float* in, float* out, int n) {
  MR_SHARED(BlockSumShared, shared);
  float sum = 0;
  for (int i = static_cast<int>(threadIdx.x); i < n; i += static_cast<int>(blockDim.x)) {
    sum += in[static_cast<size_t>(blockIdx.x) * n + i];
  }
  sum = mr_warp_sum(sum);
  if (threadIdx.x % 32 == 0) shared.parts[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    float total = 0;
    for (unsigned w = 0; w < blockDim.x / 32; w++) total += shared.parts[w];
    out[blockIdx.x] = total;
  }
}
MR_EXPORT(test_block_sum)
