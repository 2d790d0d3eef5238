// Test kernel: sums of 64 bits in shared memory by atomics, whose order does not matter since they are whole.
#include "millrace/device.cuh"

namespace {
struct AtomicShared {
  unsigned long long bins[8];
};
}  // namespace

// out[b] = sum of in[i] with i % 8 == b; one block of any size.
MR_KERNEL test_atomic_add_64(const unsigned long long* in, unsigned long long* out, int n) {
  MR_SHARED(AtomicShared, shared);
  if (threadIdx.x < 8) shared.bins[threadIdx.x] = 0;
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < n; i += static_cast<int>(blockDim.x)) {
    atomicAdd(&shared.bins[i % 8], in[i]);
  }
  __syncthreads();
  if (threadIdx.x < 8) out[threadIdx.x] = shared.bins[threadIdx.x];
}
MR_EXPORT(test_atomic_add_64)
