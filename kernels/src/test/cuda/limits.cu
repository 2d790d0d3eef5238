// What a device's tensor cores can do at best: chains of products on operands that never leave the block. Measured by
// kernel-bench, as the limit that the products of the engine are compared with.
//
//   test_limit_mma_bf16(out, seed, steps)     mma.sync m16n8k16: per warp and step 8 products of 4096 FLOP
//   test_limit_wgmma_bf16(out, seed, steps)   wgmma m64n256k16: per warpgroup and step 4 products of 524288 FLOP
//   test_limit_wgmma_e4m3(out, seed, steps)   wgmma m64n256k32: per warpgroup and step 4 products of 1048576 FLOP
//
// Launch: any grid; block 256 (mma) or 128 (wgmma; 40960 bytes of shared memory, sm_90a only: elsewhere nothing is
// computed). Operands are random: zeros would draw less power and run faster than any real product.
// out [blocks * threads]: a sum of each thread's results, so that nothing is left out.
#include "millrace/device.cuh"

namespace {
constexpr int LIMIT_CHAINS = 8;

struct LimitShared {
  alignas(1024) uint8_t a[64 * 128];
  alignas(1024) uint8_t b[256 * 128];
};

MR_DEVICE uint32_t limit_random(uint32_t& state) {
  state = state * 1664525u + 1013904223u;
  return state ^ state >> 15;
}

// Two bf16 (four e4m3) of magnitude between 1 / 8 and 1 / 4 (1 and 2) with random signs and mantissas.
MR_DEVICE uint32_t limit_bf16(uint32_t& state) { return (limit_random(state) & 0x807f807fu) | 0x3e003e00u; }
MR_DEVICE uint32_t limit_e4m3(uint32_t& state) { return (limit_random(state) & 0x87878787u) | 0x38383838u; }

template <bool Float8>
MR_DEVICE void limit_wgmma(LimitShared& shared, float* out, uint32_t seed, int steps) {
  uint32_t state = seed + blockIdx.x * 128 + threadIdx.x;
  for (int i = static_cast<int>(threadIdx.x); i < static_cast<int>(sizeof(LimitShared) / 4); i += 128) {
    reinterpret_cast<uint32_t*>(&shared)[i] = Float8 ? limit_e4m3(state) : limit_bf16(state);
  }
  mr_fence_async();
  __syncthreads();
  float d[128];
#pragma unroll
  for (int i = 0; i < 128; i++) d[i] = 0;
  const uint64_t a = mr_wgmma_descriptor(shared.a, 128), b = mr_wgmma_descriptor(shared.b, 128);
  for (int step = 0; step < steps; step++) {
    mr_wgmma_fence();
#pragma unroll
    for (int k = 0; k < 4; k++) {
      if constexpr (Float8) {
        mr_wgmma_e4m3<256>(d, a + 2 * k, b + 2 * k, 1);
      } else {
        mr_wgmma_bf16<256>(d, a + 2 * k, b + 2 * k, 1);
      }
    }
    mr_wgmma_commit();
    mr_wgmma_wait<0>();
  }
  float sum = 0;
#pragma unroll
  for (int i = 0; i < 128; i++) sum += d[i];
  out[blockIdx.x * 128 + threadIdx.x] = sum;
}
}  // namespace

MR_KERNEL __launch_bounds__(256) test_limit_mma_bf16(float* out, uint32_t seed, int32_t steps) {
  uint32_t state = seed + blockIdx.x * 256 + threadIdx.x;
  uint32_t a[4], b[2];
  for (uint32_t& word : a) word = limit_bf16(state);
  for (uint32_t& word : b) word = limit_bf16(state);
  float d[LIMIT_CHAINS][4] = {};
  for (int step = 0; step < steps; step++) {
#pragma unroll
    for (int chain = 0; chain < LIMIT_CHAINS; chain++) mr_mma_bf16_16816(d[chain], a, b);
  }
  float sum = 0;
#pragma unroll
  for (int chain = 0; chain < LIMIT_CHAINS; chain++) sum += d[chain][0] + d[chain][1] + d[chain][2] + d[chain][3];
  out[blockIdx.x * 256 + threadIdx.x] = sum;
}
MR_EXPORT(test_limit_mma_bf16)

MR_KERNEL __launch_bounds__(128) test_limit_wgmma_bf16(float* out, uint32_t seed, int32_t steps) {
  MR_SHARED(LimitShared, shared);
  limit_wgmma<false>(shared, out, seed, steps);
}
MR_EXPORT(test_limit_wgmma_bf16)

MR_KERNEL __launch_bounds__(128) test_limit_wgmma_e4m3(float* out, uint32_t seed, int32_t steps) {
  MR_SHARED(LimitShared, shared);
  limit_wgmma<true>(shared, out, seed, steps);
}
MR_EXPORT(test_limit_wgmma_e4m3)
