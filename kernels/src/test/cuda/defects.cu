// Kernels with seeded defects. Each is one line away from right; src/test/cpp/defects_test.cpp says what the emulator
// makes of it. They are not for a GPU: there most of them would go unnoticed, or hang.
#include "millrace/device.cuh"

// Exchanges neighbours through shared memory without the barrier in between.
MR_KERNEL defect_no_barrier(const int* in, int* out) {
  MR_SHARED(int, first);
  int* const shared = &first;
  shared[threadIdx.x] = in[threadIdx.x];
  // __syncthreads() is missing here.
  out[threadIdx.x] = shared[(threadIdx.x + 1) % blockDim.x] + shared[(threadIdx.x + blockDim.x - 1) % blockDim.x];
}
MR_EXPORT(defect_no_barrier)

// Writes one element past the end of `out`.
MR_KERNEL defect_write_past_end(int* out, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i <= n) out[i] = i;  // < is right
}
MR_EXPORT(defect_write_past_end)

// Writes far out: another row's index times the row's length.
MR_KERNEL defect_write_far_out(int* out, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i == n - 1) out[static_cast<size_t>(i) * n] = i;
}
MR_EXPORT(defect_write_far_out)

MR_KERNEL defect_read_shared_past_end(int* out) {
  MR_SHARED(int, first);
  out[threadIdx.x] = (&first)[threadIdx.x * 64];
}
MR_EXPORT(defect_read_shared_past_end)

MR_KERNEL defect_write_shared_past_end(int n) {
  MR_SHARED(int, first);
  (&first)[threadIdx.x] = n;
}
MR_EXPORT(defect_write_shared_past_end)

// A barrier that only the first half of each warp reaches; the others return.
MR_KERNEL defect_divergent_barrier(int* out) {
  if (threadIdx.x % 32 < 16) __syncthreads();
  out[threadIdx.x] = 1;
}
MR_EXPORT(defect_divergent_barrier)

// Both halves pass a barrier, but not the same one.
MR_KERNEL defect_two_barriers(int* out) {
  if (threadIdx.x % 32 < 16) {
    out[threadIdx.x] = 1;
    __syncthreads();
  } else {
    out[threadIdx.x] = 2;
    __syncthreads();
  }
}
MR_EXPORT(defect_two_barriers)

// Lane 0 of each warp waits for the block, the others for lane 0.
MR_KERNEL defect_deadlock(int* out) {
  if (threadIdx.x % 32 == 0) __syncthreads();
  __syncwarp();
  if (threadIdx.x % 32 != 0) __syncthreads();
  out[threadIdx.x] = 1;
}
MR_EXPORT(defect_deadlock)

MR_KERNEL defect_mixed_collectives(int* out) {
  int value = static_cast<int>(threadIdx.x);
  if (value % 2) {
    value = __shfl_xor_sync(MR_ALL_LANES, value, 1);
  } else {
    value = static_cast<int>(__ballot_sync(MR_ALL_LANES, value & 2));
  }
  out[threadIdx.x] = value;
}
MR_EXPORT(defect_mixed_collectives)

namespace {
struct DefectStageShared {
  uint32_t stages[2][128][4];
};
}  // namespace

// Two stages of cp.async; waits for the wrong one.
MR_KERNEL defect_stale_stage(const uint32_t* in, uint32_t* out) {
  MR_SHARED(DefectStageShared, shared);
  for (int s = 0; s < 2; s++) {
    mr_cp_async16(shared.stages[s][threadIdx.x], in + 4 * (128 * s + threadIdx.x), true);
    mr_cp_async_commit();
  }
  mr_cp_async_wait<1>();  // 0 is right: stage 1 is read
  __syncthreads();
  out[threadIdx.x] = shared.stages[1][127 - threadIdx.x][0];
  mr_cp_async_wait<0>();
}
MR_EXPORT(defect_stale_stage)

// Never waits at all.
MR_KERNEL defect_no_wait(const uint32_t* in) {
  MR_SHARED(DefectStageShared, shared);
  mr_cp_async16(shared.stages[0][threadIdx.x], in + 4 * threadIdx.x, true);
  mr_cp_async_commit();
}
MR_EXPORT(defect_no_wait)

MR_KERNEL defect_misaligned_copy(const uint32_t* in) {
  MR_SHARED(DefectStageShared, shared);
  mr_cp_async16(shared.stages[0][threadIdx.x], in + 4 * threadIdx.x + 1, true);
  mr_cp_async_commit();
  mr_cp_async_wait<0>();
}
MR_EXPORT(defect_misaligned_copy)

namespace {
struct DefectTileShared {
  unsigned char a[64 * 128];
  unsigned char b[64 * 128];
  uint64_t full;
};
}  // namespace

// One wgmma step on tiles that TMA brings. variant 0: right. 1: reads the tiles with the 64-byte swizzle though they
// came with 128. 2: expects more bytes than come. 3: waits for a second phase, which never comes. 4: reads before the
// wgmma is done. 5: no fence before the wgmma.
MR_KERNEL __launch_bounds__(128) defect_wgmma(const __grid_constant__ mr_tmap a, const __grid_constant__ mr_tmap b,
                                              float* out, int variant) {
  MR_SHARED(DefectTileShared, shared);
  if (threadIdx.x == 0) {
    mr_mbar_init(&shared.full, 1);
    mr_mbar_fence_init();
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    mr_mbar_expect_tx(&shared.full, variant == 2 ? 20480 : 16384);
    mr_tma_load_2d(shared.a, &a, &shared.full, 0, 0);
    mr_tma_load_2d(shared.b, &b, &shared.full, 0, 0);
  }
  mr_mbar_wait(&shared.full, 0);
  if (variant == 3) mr_mbar_wait(&shared.full, 1);
  const int swizzle = variant == 1 ? 64 : 128;
  float d[32];
  for (int i = 0; i < 32; i++) d[i] = 0;
  if (variant != 5) mr_wgmma_fence();
  mr_wgmma_bf16<64>(d, mr_wgmma_descriptor(shared.a, swizzle), mr_wgmma_descriptor(shared.b, swizzle), 0);
  mr_wgmma_commit();
  if (variant != 4) mr_wgmma_wait<0>();
  for (int i = 0; i < 32; i++) out[32 * threadIdx.x + i] = d[i];
  if (variant == 4) mr_wgmma_wait<0>();
}
MR_EXPORT(defect_wgmma)

// Two consumers wait for a producer that arrives once where two arrivals are expected.
MR_KERNEL defect_mbarrier_starved(int* out) {
  MR_SHARED(DefectTileShared, shared);
  if (threadIdx.x == 0) {
    mr_mbar_init(&shared.full, 2);
    mr_mbar_fence_init();
  }
  __syncthreads();
  if (threadIdx.x < 32) {
    if (threadIdx.x == 0) mr_mbar_arrive(&shared.full);
  } else {
    mr_mbar_wait(&shared.full, 0);
  }
  out[threadIdx.x] = 1;
}
MR_EXPORT(defect_mbarrier_starved)

// An array of local memory larger than a stack.
MR_KERNEL defect_stack_overflow(int* out, int n) {
  volatile int large[64 << 10];
  for (int i = 0; i < n; i++) large[i] = i;
  out[threadIdx.x] = large[n - 1];
}
MR_EXPORT(defect_stack_overflow)

MR_KERNEL defect_check(int n) { MR_CHECK(n % 64 == 0); }
MR_EXPORT(defect_check)

// Four words at once from an address that is no multiple of 16.
MR_KERNEL defect_misaligned_vector(const uint32_t* in, uint32_t* out) {
  out[threadIdx.x] = reinterpret_cast<const uint4*>(in + threadIdx.x)->w;
}
MR_EXPORT(defect_misaligned_vector)

namespace {
struct DefectPairShared {
  int first[32], second[32];
};
}  // namespace

// Runs from one array of shared memory into the next.
MR_KERNEL defect_index_past_array(int n) {
  MR_SHARED(DefectPairShared, shared);
  shared.first[static_cast<int>(threadIdx.x) + n] = n;
}
MR_EXPORT(defect_index_past_array)
